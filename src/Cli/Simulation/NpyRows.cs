using FitCluster.Data.Writing;

namespace FitCluster.Cli.Simulation;

/// <summary>Rows of a NumPy array; NaN where missing.</summary>
internal sealed class NpyRows(string path, SimulationOptions options) : IRowWriter
{
    private readonly NpyWriter _writer = new(path, options.Rows, options.Columns);

    public void Append(ReadOnlySpan<double> row) => _writer.Append(row);

    public void Finish() => _writer.Finish();

    public void Dispose() => _writer.Dispose();
}
