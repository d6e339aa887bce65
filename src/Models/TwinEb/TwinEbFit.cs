using System.Text.Json;
using FitCluster.Data;
using FitCluster.Math.TwinEb;
using FitCluster.Messages;
using FitCluster.Models.Jobs;
using FitCluster.Models.Results;
using FitCluster.Models.Spec;

namespace FitCluster.Models.TwinEb;

/// <summary>The folder of a finished fit of twineb, or of rows projected onto one. Arrays are read when they are first asked for, and kept. Not thread-safe.</summary>
internal sealed class TwinEbFit
{
    /// <summary>The status of a folder that <c>project</c> wrote.</summary>
    public const string Projected = "projected";

    private const string Failed = "failed";

    private readonly Dictionary<string, double[]> _arrays = new(StringComparer.Ordinal);

    private TwinEbFit(string folder, JsonElement fit)
    {
        Folder = folder;
        Status = fit.GetProperty("status").GetString()!;
        if (Status is not ("converged" or "stopped" or Projected or Failed))
        {
            throw ProblemException.BadInput($"the fit in '{folder}' is {Status}, not finished: run it to its end first");
        }

        Failure = Status == Failed ? fit.GetProperty("reason").GetString()! : "";
        if (Status == Failed && !File.Exists(At("columns_mean.npy")))
        {
            throw ProblemException.BadInput($"the fit in '{folder}' failed and left no results: {Failure}");
        }

        if (fit.GetProperty("model").GetString() is var model && model != "twineb")
        {
            throw ProblemException.BadInput($"the fit in '{folder}' is of the model {model}: this verb is for fits of twineb");
        }

        var problems = new ProblemList();
        Spec = JobSpecReader.ReadText(fit.GetProperty("spec").GetRawText(), At(RunFile.ResultName), problems) ?? throw new ProblemException(ExitCode.BadInput, problems.All);
        Rows = new NameIndex(ReadNames("rows.tsv", fit.GetProperty("rows").GetInt64()), "row", $"the fit '{folder}'");
        Columns = new NameIndex(ReadNames("columns.tsv", fit.GetProperty("columns").GetInt64()), "column", $"the fit '{folder}'");
        Options = Spec.TwinEb.Options with { Rows = Rows.Names.Count, Columns = Columns.Names.Count, Seed = Spec.Seed };
    }

    /// <summary>Its full path.</summary>
    public string Folder { get; }

    /// <summary>converged, stopped, failed (its arrays are its best so far) or projected.</summary>
    public string Status { get; }

    /// <summary>Why it failed; empty where it did not.</summary>
    public string Failure { get; }

    /// <summary>What was fitted.</summary>
    public JobSpec Spec { get; }

    /// <summary>The model's options; components as asked for, not as they were decided.</summary>
    public TwinEbOptions Options { get; }

    public NameIndex Rows { get; }

    public NameIndex Columns { get; }

    public bool IsPoisson => Options.Likelihood == TwinEbLikelihood.Poisson;

    /// <summary>Whether columns were standardized.</summary>
    public bool IsScaled => !IsPoisson && Spec.TwinEb.Standardize;

    /// <exception cref="ProblemException">There is no such fit.</exception>
    public static TwinEbFit Open(string path)
    {
        var folder = Path.GetFullPath(path);
        var result = Path.Combine(folder, RunFile.ResultName);
        if (!Directory.Exists(folder))
        {
            throw ProblemException.BadInput($"the folder '{path}' of the fit does not exist: give the --out of a finished fit of twineb");
        }

        // What failed can be gone on with as well, and keeps its run file.
        if (File.Exists(Path.Combine(folder, RunFile.FileName)) && RunFile.Read(result)?.Status != Failed)
        {
            throw ProblemException.BadInput($"the fit in '{path}' is not finished: run the command that began it to its end first");
        }

        if (!File.Exists(result))
        {
            throw ProblemException.BadInput($"'{path}' holds no fit: there is no {RunFile.ResultName} in it; give the --out of a finished fit of twineb");
        }

        try
        {
            using var document = JsonDocument.Parse(File.ReadAllBytes(result));
            var fit = new TwinEbFit(folder, document.RootElement);
            if (fit.Status == Failed)
            {
                Console.Error.WriteLine($"warning: the fit in '{path}' failed; used is what it left as its best so far: {fit.Failure}");
            }

            return fit;
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException or FormatException)
        {
            throw ProblemException.BadInput($"'{result}' is not a fit's result of fitcluster, or it is damaged: run the fit again", e);
        }
    }

    /// <summary>The full path of a file in it.</summary>
    public string At(string name) => Path.Combine(Folder, name);

    /// <summary>An array of its results, row-major.</summary>
    /// <param name="name">Its name, without .npy.</param>
    /// <param name="rows">The rows that it must have.</param>
    /// <param name="columns">The columns that it must have.</param>
    /// <exception cref="ProblemException">It is not there, damaged, or of another shape.</exception>
    public double[] Array(string name, int rows, int columns)
    {
        if (_arrays.TryGetValue(name, out var known))
        {
            return known;
        }

        var path = At(name + ".npy");
        var array = File.Exists(path) ? DenseArray.Read(path) : throw ProblemException.BadInput($"'{path}' is not there, though fit.json is: run the fit again");
        if (array.Rows != rows || array.Columns != columns)
        {
            throw ProblemException.BadInput($"'{path}' is {array.Rows} x {array.Columns}, but the fit's is {rows} x {columns}: the folder holds files of different fits; run the fit again");
        }

        if (System.Array.FindIndex(array.Values, v => !double.IsFinite(v)) is >= 0 and var at)
        {
            if (Status == Failed && name.StartsWith("rows", StringComparison.Ordinal))
            {
                throw ProblemException.BadInput(
                    $"row '{Rows.Names[at / columns]}' has no parameters in '{path}', as the fit in '{Folder}' failed there: project it, or the other rows, onto its columns, or look at its entries and fit again");
            }

            throw ProblemException.BadInput($"'{path}' has {array.Values[at]} in row {(at / columns) + 1}: the file is damaged; run the fit again");
        }

        _arrays.Add(name, array.Values);
        return array.Values;
    }

    /// <summary>Posterior means or standard deviations of all rows, or of all columns, x factors.</summary>
    public double[] Moments(string name) =>
        Array(name, (name.StartsWith("rows", StringComparison.Ordinal) ? Rows : Columns).Names.Count, Options.Factors);

    /// <summary>How columns were standardized; null where they were not.</summary>
    public ColumnScale? Scale => IsScaled ? new ColumnScale(Array("columns_center", Options.Columns, 1), Array("columns_scale", Options.Columns, 1)) : null;

    /// <summary>What new rows are fitted with.</summary>
    /// <exception cref="ProblemException">The fit is not of the default optimizer, or files are not what they were.</exception>
    public TwinEbProjection Projection()
    {
        if (Options.Optimizer != TwinEbOptimizer.Default)
        {
            throw ProblemException.BadInput($"the fit in '{Folder}' is of twineb.optimizer: {Options.Optimizer.ToString().ToLowerInvariant()}, whose rows are found by steps of Adam: project needs a fit of optimizer: default");
        }

        var (second, width) = IsPoisson ? ("columns_log_mean", Options.Factors) : ("columns_second", Options.Factors * (Options.Factors + 1) / 2);
        var results = new ArraySet().Set("columns_mean", Moments("columns_mean")).Set(second, Array(second, Options.Columns, width));
        ReadPrior(results);
        return new TwinEbProjection(Options, results);
    }

    private void ReadPrior(ArraySet results)
    {
        var path = At("row_prior.json");
        try
        {
            using var document = JsonDocument.Parse(File.ReadAllBytes(path));
            var components = document.RootElement.GetProperty("components").EnumerateArray().ToArray();
            results.Set("row_prior_weight", [.. components.Select(c => c.GetProperty("weight").GetDouble())]);
            foreach (var name in IsPoisson ? new[] { "shape", "rate" } : ["mean", "sd"])
            {
                var values = components.SelectMany(c => c.GetProperty(name).EnumerateArray()).Select(v => v.GetDouble()).ToArray();
                if (values.Length != components.Length * Options.Factors)
                {
                    throw ProblemException.BadInput($"'{path}' has {values.Length} numbers '{name}' for {components.Length} components of {Options.Factors} factors: the folder holds files of different fits; run the fit again");
                }

                results.Set("row_prior_" + name, values);
            }
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException or FormatException or IOException)
        {
            throw ProblemException.BadInput($"'{path}' cannot be read as a prior: it is damaged or not there; run the fit again", e);
        }
    }

    private string[] ReadNames(string file, long count)
    {
        var path = At(file);
        if (!File.Exists(path))
        {
            throw ProblemException.BadInput($"'{path}' is not there, though fit.json is: run the fit again");
        }

        string[] names = [.. File.ReadLines(path).Skip(1)];
        return names.Length == count ? names
            : throw ProblemException.BadInput($"'{path}' has {names.Length} names below its header, but the fit has {count}: the folder holds files of different fits; run the fit again");
    }
}
