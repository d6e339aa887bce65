namespace FitCluster.Math.TwinEb;

/// <summary>Where a step's standard normal numbers come from: Philox in a fit, given ones in a test.</summary>
internal interface IReferenceNoise
{
    /// <summary>Fills numbers for all columns, count x width; what is past L in a row is not looked at.</summary>
    void Columns(int particle, int count, int width, Span<double> normals);

    /// <summary>Fills numbers for one row of the whole matrix.</summary>
    void Row(int particle, long row, int width, Span<double> normals);
}
