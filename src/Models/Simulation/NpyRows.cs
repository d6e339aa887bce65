using FitCluster.Data.Writing;

namespace FitCluster.Models.Simulation;

/// <summary>Rows of a NumPy array; NaN where missing.</summary>
internal sealed class NpyRows(string path, long rows, int columns) : IRowWriter
{
    private readonly NpyWriter _writer = new(path, rows, columns);

    public void Append(ReadOnlySpan<double> row) => _writer.Append(row);

    public void Finish() => _writer.Finish();

    public void Dispose() => _writer.Dispose();
}
