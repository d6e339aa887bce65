using System.Globalization;
using System.Text.Json;
using FitCluster.Data.Writing;
using FitCluster.Math.Models;
using FitCluster.Messages;
using FitCluster.Models.Results;

namespace FitCluster.Models;

/// <summary>
/// How a fit's results are written: as they are, every array of the shards by rows and every array of the coordinator, with scalars in
/// fit.json. Models whose results need more override it.
/// </summary>
/// <param name="request">What was fitted.</param>
public class ModelOutput(ModelRequest request)
{
    /// <summary>The option whose limit a fit has reached that ended by itself and did not converge.</summary>
    public virtual string LimitOption => request.Section.Table.Name;

    /// <summary>What to do about a fit that ended by itself and did not converge, in words.</summary>
    public virtual string AdviceWhereNotConverged => $"raise {LimitOption}, or ask for less (--tolerance)";

    /// <summary>The names of an array's columns, for tables.</summary>
    protected virtual IReadOnlyList<string> Labels(NamedArray array) =>
        array.Shape.Length < 2 ? [array.Name] : [.. Enumerable.Range(1, array.Shape[1]).Select(i => $"factor{i}")];

    /// <summary>Writes the model's fields of fit.json: an object of the model's name with the scalars of its results.</summary>
    public virtual void WriteReport(Utf8JsonWriter writer, FitOutcome outcome)
    {
        writer.WriteStartObject(request.Section.Table.Name);
        foreach (var scalar in outcome.GlobalResult!.Where(array => array.Shape.Length == 0))
        {
            writer.Number(scalar.Name, scalar.Values[0]);
        }

        writer.WriteEndObject();
    }

    /// <summary>What a user should know of how a fit came out: sentences, for stderr and for fit.json.</summary>
    public virtual IReadOnlyList<string> Warnings(FitOutcome outcome) => [];

    /// <summary>The results in short, for stdout.</summary>
    public virtual string Table(FitOutcome outcome, string folder)
    {
        var global = outcome.GlobalResult!;
        var elbo = global.Contains("elbo") ? string.Create(CultureInfo.InvariantCulture, $": ELBO {global.Scalar("elbo"):F4}") : "";
        return $"{Ended(outcome)}{elbo}\nresults are in {folder}\n";
    }

    /// <summary>Writes arrays and tables into a folder.</summary>
    public virtual void WriteFiles(string to, FitOutcome outcome)
    {
        WriteRows(to, outcome, array => (array.Name, Labels(array)));
        foreach (var array in outcome.GlobalResult!.Where(array => array.Shape.Length > 0))
        {
            WriteColumns(to, array, array.Name, Labels(array));
        }
    }

    /// <summary>How a fit ended, in words: "converged after 12 rounds and 0.1 s".</summary>
    protected static string Ended(FitOutcome outcome) => string.Create(
        CultureInfo.InvariantCulture,
        $"{(outcome.Status == FitStatus.Converged ? "converged" : "stopped, not converged,")} after {outcome.Rounds} rounds and " +
        $"{Duration.Words(outcome.Seconds)}");

    /// <summary>Streams the arrays of the shards' rows, one shard after the other.</summary>
    /// <param name="to">The folder.</param>
    /// <param name="outcome">The fit.</param>
    /// <param name="describe">The file of an array, without ending, and the names of its columns; null: it is not written.</param>
    protected void WriteRows(string to, FitOutcome outcome, Func<NamedArray, (string File, IReadOnlyList<string> Labels)?> describe)
    {
        using var rows = new RowArrayWriter(to, request.Data.RowNames, request.Spec.Tables, describe);
        foreach (var shard in outcome.ShardResults)
        {
            rows.Append(shard);
        }

        rows.Finish();
    }

    /// <summary>Writes an array of the coordinator; as a table too where it has a row for each column of the data, or one.</summary>
    protected void WriteColumns(string to, NamedArray array, string file, IReadOnlyList<string> labels)
    {
        NpyWriter.Write(Path.Combine(to, file + ".npy"), array.Values, [.. array.Shape.Select(length => (long)length)]);
        var isScalar = array.Values.Length == 1;
        if (request.Spec.Tables && (isScalar || array.Shape[0] == request.Data.Columns))
        {
            TsvWriter.Write(Path.Combine(to, file + ".tsv"), isScalar ? ["all"] : request.Data.ColumnNames, labels, array.Values);
        }
    }
}
