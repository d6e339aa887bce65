using FitCluster.Math.Numerics;

namespace FitCluster.Math.TwinEb;

/// <summary>A step's numbers, by (seed, restart, step, particle, row or column).</summary>
internal sealed class ReferenceNoise(TwinEbOptions options, int restart, ulong tick) : IReferenceNoise
{
    /// <inheritdoc/>
    public void Columns(int particle, int count, int width, Span<double> normals) =>
        PhiloxNormals.Fill(options.Seed, Stream(ReferenceStreams.Purpose.ColumnStep, particle), 0, count, width, normals);

    /// <inheritdoc/>
    public void Row(int particle, long row, int width, Span<double> normals) =>
        PhiloxNormals.Fill(options.Seed, Stream(ReferenceStreams.Purpose.RowStep, particle), row, 1, width, normals);

    private ulong Stream(ReferenceStreams.Purpose purpose, int particle) =>
        ReferenceStreams.Of(purpose, restart, (tick * (ulong)options.Particles) + (ulong)particle);
}
