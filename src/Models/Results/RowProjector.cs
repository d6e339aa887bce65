using FitCluster.Data;
using FitCluster.Data.Writing;
using FitCluster.Math.Numerics;
using FitCluster.Messages;
using FitCluster.Models.Jobs;
using FitCluster.Models.Spec;

namespace FitCluster.Models.Results;

/// <summary>
/// Fits new rows to a finished fit whose columns and priors stay as they are, shard by shard as a fit cuts them, as many at a time as there
/// are threads; and writes a folder which verbs take for a fit. A result does not depend on threads or shards.
/// </summary>
internal sealed class RowProjector
{
    private readonly FinishedFit _fit;
    private readonly JobSpec _spec;
    private readonly MatrixSource _data;
    private readonly IRowProjection _projection;
    private readonly int _absent;

    /// <param name="fit">The fit.</param>
    /// <param name="path">The new rows.</param>
    /// <param name="ignoresUnknown">Whether columns that the fit does not have are passed over.</param>
    /// <param name="allowsMissing">Whether columns of the fit that the data lack count as missing; they do where all that is not stored
    /// does.</param>
    /// <param name="format">What the data are (<see cref="DataSpec.Format"/>).</param>
    /// <exception cref="ProblemException">The fit cannot be projected onto, or the data do not fit it.</exception>
    public RowProjector(FinishedFit fit, string path, bool ignoresUnknown, bool allowsMissing = false, string format = "auto")
    {
        var projects = fit.As<IProjectsRows>();
        _fit = fit;

        _spec = fit.Spec with { Data = DataOpener.Other(fit.Spec.Data, path, format) };
        _data = DataOpener.Open(_spec.Data);
        var mayLack = allowsMissing || (_data.IsSparse && _data.Unstored == UnstoredEntries.Missing);
        var map = ColumnMap.Of(fit, _data.ColumnNames, DataUrl.Show(path), ignoresUnknown, mayLack);
        _absent = map?.Absent.Count ?? 0;
        // New rows may be of zeros alone: there is something to fit them to.
        DataCheck.Check(fit.Kind.Needs(_spec.Section) with { NonZero = null }, _spec.Data, _data);
        _projection = projects.Onto(_data, map);
    }

    /// <summary>How the data were read, a line each.</summary>
    public IEnumerable<string> Lines => [
        _data.Facts.Orientation, .. _data.Facts.Notes, .. _absent == 0 ? Array.Empty<string>()
            : [$"{_absent} of the fit's {_fit.Columns.Names.Count} columns are not in the data, and count as missing"]];

    /// <summary>The new rows.</summary>
    public long Rows => _data.Rows;

    /// <summary>Fits all rows and writes the folder; after each shard it says how many rows are fitted, one call at a time.</summary>
    public void Write(string folder, int threads, bool tables, Action<long> onRows)
    {
        OutputFolder.Make(folder);
        // An array of one number a row is a column of its own name.
        using (var rows = new RowArrayWriter(
            folder, _data.RowNames, tables, array => (array.Name, array.Shape.Length == 1 ? [array.Name] : _projection.Labels)))
        {
            foreach (var result in Project(threads, onRows))
            {
                rows.Append(result);
            }

            rows.Finish();
        }

        TsvWriter.WriteNames(Path.Combine(folder, "rows.tsv"), _data.RowNames);
        foreach (var file in _projection.Kept.Append("columns.tsv").Where(file => File.Exists(_fit.At(file))))
        {
            File.Copy(_fit.At(file), Path.Combine(folder, file));
        }

        // Last: a folder without it holds no results.
        AtomicFile.WriteAllBytes(Path.Combine(folder, RunFile.ResultName), Report(folder));
    }

    private IEnumerable<ArraySet> Project(int threads, Action<long> onRows)
    {
        var ranges = _data.Shards();
        var (done, turn) = (0L, new Lock());
        for (var wave = 0; wave < ranges.Count; wave += threads)
        {
            var (start, results) = (wave, new ArraySet[int.Min(threads, ranges.Count - wave)]);
            InParallel.For(results.Length, threads, s =>
            {
                var range = ranges[start + s];
                results[s] = Checked(_projection.Project(_projection.Load(new ShardId(start + s), range)), range.First);
                lock (turn)
                {
                    onRows(done += range.Count);
                }
            });
            foreach (var result in results)
            {
                yield return result;
            }
        }
    }

    private ArraySet Checked(ArraySet result, long first)
    {
        foreach (var array in result)
        {
            var at = Array.FindIndex(array.Values, double.IsNaN);
            if (at >= 0)
            {
                var row = _data.RowNames[(int)first + (at / (array.Values.Length / array.Shape[0]))];
                throw new ProblemException(
                    Models.ExitCode.Failed,
                    $"row '{row}' cannot be projected: its posterior is not finite; look at its entries, or leave it out");
            }
        }

        return result;
    }

    private byte[] Report(string folder) => Json.Bytes(writer =>
    {
        writer.WriteStartObject();
        writer.WriteString("name", Path.GetFileName(folder));
        writer.WriteString("model", _spec.Model);
        writer.WriteString("version", FitReport.Version);
        writer.WriteString("projectedFrom", _fit.Folder);
        writer.WritePropertyName("spec");
        SpecCanonical.Write(writer, _spec, _data.Shards().Count, forPeople: true);
        writer.WriteString("specHash", "");
        writer.WriteString("dataHash", _data.ContentHash);
        writer.WriteNumber("rows", _data.Rows);
        writer.WriteNumber("columns", _fit.Columns.Names.Count);
        writer.WriteNumber("factors", _projection.Labels.Count);
        writer.WriteString("status", FinishedFit.Projected);
        writer.WriteEndObject();
    });
}
