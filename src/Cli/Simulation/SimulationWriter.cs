using System.Globalization;
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

    private interface IRowWriter : IDisposable
    {
        void Append(ReadOnlySpan<double> row);

        void Finish();
    }

    private sealed class NpyRows(string path, SimulationOptions options) : IRowWriter
    {
        private readonly NpyWriter _writer = new(path, options.Rows, options.Columns);

        public void Append(ReadOnlySpan<double> row) => _writer.Append(row);

        public void Finish() => _writer.Finish();

        public void Dispose() => _writer.Dispose();
    }

    private sealed class CsvRows : IRowWriter
    {
        private readonly AtomicFile _file;
        private readonly StreamWriter _text;
        private long _row;

        public CsvRows(string path, SimulationOptions options)
        {
            _file = new AtomicFile(path);
            _text = new StreamWriter(_file.Stream, leaveOpen: true) { NewLine = "\n" };
            _text.Write("name");
            for (var j = 1; j <= options.Columns; j++)
            {
                _text.Write(string.Create(CultureInfo.InvariantCulture, $",c{j}"));
            }

            _text.WriteLine();
        }

        public void Append(ReadOnlySpan<double> row)
        {
            _text.Write(string.Create(CultureInfo.InvariantCulture, $"r{++_row}"));
            foreach (var value in row)
            {
                _text.Write(',');
                _text.Write(double.IsNaN(value) ? "NA" : value.ToString("R", CultureInfo.InvariantCulture));
            }

            _text.WriteLine();
        }

        public void Finish()
        {
            _text.Flush();
            _file.Commit();
        }

        public void Dispose() => _file.Dispose();
    }

    /// <summary>The number of entries, which the header has, is known at the end: room is left for it.</summary>
    private sealed class MatrixMarketRows : IRowWriter
    {
        private const int CountWidth = 18;
        private readonly AtomicFile _file;
        private readonly StreamWriter _text;
        private readonly long _countAt;
        private readonly bool _zeros;
        private long _row;
        private long _count;

        public MatrixMarketRows(string path, SimulationOptions options)
        {
            _zeros = !options.Sparse;
            _file = new AtomicFile(path);
            _text = new StreamWriter(_file.Stream, leaveOpen: true) { NewLine = "\n" };
            _text.WriteLine($"%%MatrixMarket matrix coordinate {(options.Sparse ? "integer" : "real")} general");
            _text.Write(string.Create(CultureInfo.InvariantCulture, $"{options.Rows} {options.Columns} "));
            _text.Flush();
            _countAt = _file.Stream.Position;
            _text.WriteLine(new string(' ', CountWidth));
        }

        public void Append(ReadOnlySpan<double> row)
        {
            _row++;
            for (var j = 0; j < row.Length; j++)
            {
                if (!double.IsNaN(row[j]) && (_zeros || row[j] != 0))
                {
                    _text.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{_row} {j + 1} {row[j]:R}"));
                    _count++;
                }
            }
        }

        public void Finish()
        {
            _text.Flush();
            _file.Stream.Position = _countAt;
            _text.Write(_count.ToString(CultureInfo.InvariantCulture).PadLeft(CountWidth));
            _text.Flush();
            _file.Commit();
        }

        public void Dispose() => _file.Dispose();
    }
}
