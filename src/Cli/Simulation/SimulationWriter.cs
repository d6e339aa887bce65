using FitCluster.Cli.Output;
using FitCluster.Data;
using FitCluster.Data.Writing;

namespace FitCluster.Cli.Simulation;

/// <summary>Writes simulated data row by row, however many, with their truth.</summary>
internal static class SimulationWriter
{
    private const int BlockRows = 64;

    /// <summary>Writes a folder; returns the path of the data in it.</summary>
    public static string Write(SimulationOptions options, string format, string folder)
    {
        Directory.CreateDirectory(folder);
        var simulator = new EbmfSimulator(options);
        var fileFormat = format == "store" ? options.Sparse || options.Missing > 0 ? "mtx" : "npy" : format;
        var path = Path.Combine(folder, $"data.{fileFormat}");
        using (var loadings = new NpyWriter(Path.Combine(folder, "truth_loadings.npy"), options.Rows, options.Factors))
        using (IRowWriter rows = fileFormat switch
        {
            "csv" => new CsvRows(path, options),
            "mtx" => new MatrixMarketRows(path, options),
            _ => new NpyRows(path, options),
        })
        {
            WriteRows(simulator, options, rows, loadings);
        }

        NpyWriter.Write(Path.Combine(folder, "truth_factors.npy"), simulator.Factors, options.Columns, options.Factors);
        if (format == "store")
        {
            var store = Path.Combine(folder, "data.store");
            MatrixStore.Ingest(path, store, new MatrixOptions { Missing = options.Missing > 0 ? MissingEntries.Unstored : MissingEntries.None });
            File.Delete(path);
            path = store;
        }

        WriteTruth(Path.Combine(folder, "truth.json"), options, format);
        return path;
    }

    private static void WriteRows(EbmfSimulator simulator, SimulationOptions options, IRowWriter rows, NpyWriter truth)
    {
        var (k, p) = (options.Factors, options.Columns);
        var (loadings, values) = (new double[BlockRows * k], new double[BlockRows * p]);
        for (var first = 0L; first < options.Rows; first += BlockRows)
        {
            // Rows of a block are drawn on all cores; they are written in order.
            var (start, count) = (first, (int)long.Min(BlockRows, options.Rows - first));
            Parallel.For(0, count, i =>
            {
                var row = loadings.AsSpan(i * k, k);
                simulator.Loadings(start + i, row);
                simulator.Row(start + i, row, values.AsSpan(i * p, p));
            });
            truth.Append(loadings.AsSpan(0, count * k));
            for (var i = 0; i < count; i++)
            {
                rows.Append(values.AsSpan(i * p, p));
            }
        }

        truth.Finish();
        rows.Finish();
    }

    private static void WriteTruth(string path, SimulationOptions options, string format) =>
        AtomicFile.WriteAllBytes(path, Json.Bytes(writer =>
        {
            writer.WriteStartObject();
            writer.WriteString("model", "ebmf");
            writer.WriteString("kind", options.Sparse ? "sparse" : "dense");
            writer.WriteString("format", format);
            writer.WriteNumber("rows", options.Rows);
            writer.WriteNumber("columns", options.Columns);
            writer.WriteNumber("factors", options.Factors);
            if (!options.Sparse)
            {
                writer.WriteNumber("noise", options.Noise);
                writer.WriteNumber("missing", options.Missing);
            }
            else
            {
                writer.WriteNumber("density", options.Density);
            }

            writer.WriteNumber("loadingsDensity", options.LoadingsDensity);
            writer.WriteNumber("factorsDensity", options.FactorsDensity);
            writer.WriteNumber("seed", options.Seed);
            writer.WriteString("version", FitReport.Version);
            writer.WriteEndObject();
        }));
}
