using FitCluster.Data;
using FitCluster.Data.Writing;
using FitCluster.Models.Results;

namespace FitCluster.Models.Simulation;

/// <summary>Writes simulated data row by row, however many, with their truth.</summary>
internal static class SimulationWriter
{
    private const int BlockRows = 64;

    /// <summary>Writes a folder; returns the path of the data in it.</summary>
    public static string Write(ISimulator simulator, string format, string folder)
    {
        OutputFolder.Make(folder);
        var fileFormat = format == "store" ? simulator.AreCounts || simulator.HasMissing ? "mtx" : "npy" : format;
        var path = Path.Combine(folder, $"data.{fileFormat}");
        using (var truth = new NpyWriter(Path.Combine(folder, simulator.RowTruth + ".npy"), simulator.Rows, simulator.Factors))
        using (IRowWriter rows = fileFormat switch
        {
            "csv" => new CsvRows(path, simulator.Columns),
            "mtx" => new MatrixMarketRows(path, simulator.Rows, simulator.Columns, simulator.AreCounts),
            _ => new NpyRows(path, simulator.Rows, simulator.Columns),
        })
        {
            WriteRows(simulator, rows, truth);
        }

        simulator.WriteTruth(folder);
        if (format == "store")
        {
            var store = Path.Combine(folder, "data.store");
            MatrixStore.Ingest(
                path, store, new MatrixOptions { Missing = simulator.HasMissing ? MissingEntries.Unstored : MissingEntries.None });
            File.Delete(path);
            path = store;
        }

        AtomicFile.WriteAllBytes(Path.Combine(folder, "truth.json"), Json.Bytes(writer =>
        {
            writer.WriteStartObject();
            simulator.WriteOptions(writer, format);
            writer.WriteString("version", FitReport.Version);
            writer.WriteEndObject();
        }));
        return path;
    }

    private static void WriteRows(ISimulator simulator, IRowWriter rows, NpyWriter truth)
    {
        var (k, p) = (simulator.Factors, simulator.Columns);
        var (factors, values) = (new double[BlockRows * k], new double[BlockRows * p]);
        for (var first = 0L; first < simulator.Rows; first += BlockRows)
        {
            // Rows of a block are drawn on all cores; they are written in order.
            var (start, count) = (first, (int)long.Min(BlockRows, simulator.Rows - first));
            Parallel.For(0, count, i =>
            {
                var row = values.AsSpan(i * p, p);
                row.Clear();
                simulator.Draw(start + i, factors.AsSpan(i * k, k), row);
            });
            truth.Append(factors.AsSpan(0, count * k));
            for (var i = 0; i < count; i++)
            {
                rows.Append(values.AsSpan(i * p, p));
            }
        }

        truth.Finish();
        rows.Finish();
    }
}
