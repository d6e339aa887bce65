using FitCluster.Data;
using FitCluster.Data.Writing;
using FitCluster.Math.Models;
using FitCluster.Math.TwinEb;
using FitCluster.Messages;
using FitCluster.Models.Jobs;
using FitCluster.Models.Results;
using FitCluster.Models.Spec;

namespace FitCluster.Models.TwinEb;

/// <summary>
/// Fits new rows under the frozen columns and row prior of a fit, shard by shard as a fit cuts them, as many at a time as there are threads; and writes a folder which
/// <c>predict</c> and <c>recommend</c> take for a fit. A result does not depend on threads or shards.
/// </summary>
internal sealed class RowProjector
{
    // What of a fit holds for the new rows as well.
    private static readonly string[] Kept =
    [
        "columns_mean.npy", "columns_sd.npy", "columns_log_mean.npy", "columns_second.npy", "columns_center.npy", "columns_scale.npy",
        "row_prior.json", "column_prior.json", "columns.tsv",
    ];

    private readonly TwinEbFit _fit;
    private readonly JobSpec _spec;
    private readonly MatrixSource _data;
    private readonly ColumnMap? _map;
    private readonly ColumnScale? _scale;
    private readonly TwinEbProjection _projection;

    /// <exception cref="ProblemException">The fit cannot be projected onto, or the data do not fit it.</exception>
    public RowProjector(TwinEbFit fit, string path, bool ignoresUnknown)
    {
        _projection = fit.Projection();
        _scale = fit.Scale;
        _fit = fit;

        // A selection told of other data; transformations and what is missing hold.
        _spec = fit.Spec with { Data = fit.Spec.Data with { Path = path, Rows = null, Columns = null } };
        _data = DataOpener.Open(_spec.Data);
        _map = ColumnMap.Of(fit, _data.ColumnNames, DataUrl.Show(path), ignoresUnknown);
        TwinEbJob.CheckValues(_spec, _data);
    }

    /// <summary>The new rows.</summary>
    public long Rows => _data.Rows;

    /// <summary>Fits all rows and writes the folder; after each shard it says how many rows are fitted, one call at a time.</summary>
    public void Write(string folder, int threads, bool tables, Action<long> onRows)
    {
        Directory.CreateDirectory(folder);
        string[] factors = [.. Enumerable.Range(1, _fit.Options.Factors).Select(i => $"factor{i}")];
        using (var mean = new NpyWriter(Path.Combine(folder, "rows_mean.npy"), _data.Rows, factors.Length))
        using (var sd = new NpyWriter(Path.Combine(folder, "rows_sd.npy"), _data.Rows, factors.Length))
        using (var meanTable = tables ? new TsvWriter(Path.Combine(folder, "rows_mean.tsv"), "name", factors) : null)
        using (var sdTable = tables ? new TsvWriter(Path.Combine(folder, "rows_sd.tsv"), "name", factors) : null)
        {
            foreach (var (first, result) in Project(threads, onRows))
            {
                mean.Append(result["rows_mean"]);
                sd.Append(result["rows_sd"]);
                Append(meanTable, first, result["rows_mean"]);
                Append(sdTable, first, result["rows_sd"]);
            }

            mean.Finish();
            sd.Finish();
            meanTable?.Finish();
            sdTable?.Finish();
        }

        TsvWriter.WriteNames(Path.Combine(folder, "rows.tsv"), _data.RowNames);
        foreach (var file in Kept.Where(file => File.Exists(_fit.At(file))))
        {
            File.Copy(_fit.At(file), Path.Combine(folder, file));
        }

        // Last: a folder without it holds no results.
        AtomicFile.WriteAllBytes(Path.Combine(folder, RunFile.ResultName), Report(folder));
    }

    private IEnumerable<(long First, ArraySet Result)> Project(int threads, Action<long> onRows)
    {
        var ranges = _data.Shards();
        var (done, turn) = (0L, new Lock());
        for (var wave = 0; wave < ranges.Count; wave += threads)
        {
            var (start, results) = (wave, new ArraySet[int.Min(threads, ranges.Count - wave)]);
            InParallel.For(results.Length, threads, s =>
            {
                var range = ranges[start + s];
                results[s] = Checked(_projection.Project(Load(start + s, range)), range.First);
                lock (turn)
                {
                    onRows(done += range.Count);
                }
            });
            for (var s = 0; s < results.Length; s++)
            {
                yield return (ranges[wave + s].First, results[s]);
            }
        }
    }

    private ArraySet Checked(ArraySet result, long first)
    {
        var at = Array.FindIndex(result["rows_mean"], double.IsNaN);
        return at < 0 ? result : throw new ProblemException(
            ExitCode.Failed, $"row '{_data.RowNames[(int)first + (at / _fit.Options.Factors)]}' cannot be projected: its posterior is not finite; look at its entries, or leave it out");
    }

    private ShardData Load(int shard, ShardRange range) =>
        TwinEbShard.Load(_data, new ShardId(shard), range, _fit.IsPoisson, _spec.TwinEb.Binarize, _scale, split: null, _map);

    private void Append(TsvWriter? table, long first, double[] values)
    {
        var width = _fit.Options.Factors;
        for (var at = 0; table is not null && at < values.Length; at += width)
        {
            table.Append(_data.RowNames[(int)(first + (at / width))], values.AsSpan(at, width));
        }
    }

    private byte[] Report(string folder) => Json.Bytes(writer =>
    {
        writer.WriteStartObject();
        writer.WriteString("name", Path.GetFileName(folder));
        writer.WriteString("model", _spec.Model);
        writer.WriteString("version", FitReport.Version);
        writer.WriteString("projectedFrom", _fit.Folder);
        writer.WritePropertyName("spec");
        SpecCanonical.Write(writer, _spec, _data.Shards().Count, (w, forPeople) => TwinEbSpecReader.Write(w, _spec.TwinEb, forPeople), forPeople: true);
        writer.WriteString("specHash", "");
        writer.WriteString("dataHash", _data.ContentHash);
        writer.WriteNumber("rows", _data.Rows);
        writer.WriteNumber("columns", _fit.Options.Columns);
        writer.WriteNumber("factors", _fit.Options.Factors);
        writer.WriteString("status", TwinEbFit.Projected);
        writer.WriteEndObject();
    });
}
