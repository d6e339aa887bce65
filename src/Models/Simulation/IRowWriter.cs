namespace FitCluster.Models.Simulation;

/// <summary>Takes the rows of a matrix, in order.</summary>
internal interface IRowWriter : IDisposable
{
    void Append(ReadOnlySpan<double> row);

    void Finish();
}
