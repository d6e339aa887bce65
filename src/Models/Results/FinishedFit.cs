using System.Text.Json;
using FitCluster.Data;
using FitCluster.Models.Jobs;
using FitCluster.Models.Spec;

namespace FitCluster.Models.Results;

/// <summary>
/// The folder of a finished fit of any model, or of rows projected onto one. Arrays are read when they are
/// first asked for, and kept. Not thread-safe.
/// </summary>
public sealed class FinishedFit
{
    /// <summary>The status of a folder that <c>project</c> wrote.</summary>
    public const string Projected = "projected";

    private const string Failed = "failed";

    private readonly Dictionary<string, double[]> _arrays = new(StringComparer.Ordinal);

    private FinishedFit(string folder, JsonElement fit)
    {
        (Folder, Report) = (folder, fit);
        Status = fit.GetProperty("status").GetString()!;
        if (Status is not ("converged" or "stopped" or Projected or Failed))
        {
            throw ProblemException.BadInput($"the fit in '{folder}' is {Status}, not finished: run it to its end first");
        }

        var problems = new ProblemList();
        Spec = JobSpecReader.ReadText(fit.GetProperty("spec").GetRawText(), At(RunFile.ResultName), problems)
            ?? throw new ProblemException(Models.ExitCode.BadInput, problems.All);
        Kind = ModelKinds.Get(Spec.Model);
        Failure = Status == Failed ? fit.GetProperty("reason").GetString()! : "";
        if (Status == Failed && !Kind.ResultArrays.Any(name => File.Exists(At(name + ".npy"))))
        {
            throw NoResults();
        }

        Rows = new NameIndex(ReadNames("rows.tsv", fit.GetProperty("rows").GetInt64()), "row", $"the fit '{folder}'");
        Columns = new NameIndex(ReadNames("columns.tsv", fit.GetProperty("columns").GetInt64()), "column", $"the fit '{folder}'");
    }

    /// <summary>Its full path.</summary>
    public string Folder { get; }

    /// <summary>fit.json.</summary>
    public JsonElement Report { get; }

    /// <summary>converged, stopped, failed (its arrays are its best so far) or projected.</summary>
    public string Status { get; }

    /// <summary>Why it failed; empty where it did not.</summary>
    public string Failure { get; }

    /// <summary>What was fitted.</summary>
    public JobSpec Spec { get; }

    /// <summary>The kind of its model.</summary>
    public ModelKind Kind { get; }

    /// <summary>The rows.</summary>
    public NameIndex Rows { get; }

    /// <summary>The columns.</summary>
    public NameIndex Columns { get; }

    /// <summary>Opens a folder.</summary>
    /// <param name="path">The folder.</param>
    /// <param name="say">Takes a warning that the user should read.</param>
    /// <exception cref="ProblemException">There is no such fit.</exception>
    public static FinishedFit Open(string path, Action<string> say)
    {
        var folder = Path.GetFullPath(path);
        var result = Path.Combine(folder, RunFile.ResultName);
        if (!Directory.Exists(folder))
        {
            throw ProblemException.BadInput($"the folder '{path}' of the fit does not exist: give the --out of a finished fit");
        }

        // What failed can be gone on with as well, and keeps its run file.
        if (File.Exists(Path.Combine(folder, RunFile.FileName)) && RunFile.Read(result)?.Status != Failed)
        {
            throw ProblemException.BadInput($"the fit in '{path}' is not finished: run the command that began it to its end first");
        }

        if (!File.Exists(result))
        {
            throw ProblemException.BadInput(
                $"'{path}' holds no fit: there is no {RunFile.ResultName} in it; give the --out of a finished fit");
        }

        try
        {
            using var document = JsonDocument.Parse(File.ReadAllBytes(result));
            var fit = new FinishedFit(folder, document.RootElement.Clone());
            if (fit.Status == Failed)
            {
                say($"warning: the fit in '{path}' failed; used is what it left as its best so far: {fit.Failure}");
            }

            return fit;
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException or FormatException)
        {
            throw ProblemException.BadInput($"'{result}' is not a fit's result of fitcluster, or it is damaged: run the fit again", e);
        }
    }

    /// <summary>What can be done with it.</summary>
    /// <typeparam name="T">The capability that a verb asks for.</typeparam>
    /// <exception cref="ProblemException">Its model does not have it.</exception>
    public T As<T>()
        where T : class
    {
        var offering = ModelKinds.Loaded.Where(kind => kind.Offers.Any(offer => offer.IsAssignableTo(typeof(T)))).Select(kind => kind.Name);
        return Kind.Open(this) as T
            ?? throw ProblemException.BadInput(
                $"the fit in '{Folder}' is of the model {Kind.Name}: this verb is for fits of {string.Join(", ", offering)}");
    }

    /// <summary>The full path of a file in it.</summary>
    public string At(string name) => Path.Combine(Folder, name);

    /// <summary>An array with a row for each row of the fit, row-major.</summary>
    public double[] RowArray(string name, int width) => Array(name, Rows.Names.Count, width, isByRow: true);

    /// <summary>An array with a row for each column of the fit, row-major.</summary>
    public double[] ColumnArray(string name, int width) => Array(name, Columns.Names.Count, width, isByRow: false);

    /// <summary>An array of one number.</summary>
    public double Scalar(string name) => Array(name, 1, 1, isByRow: false)[0];

    /// <summary>An array of its results that has no row for each row or column; null where there is none of the name.</summary>
    /// <exception cref="ProblemException">It is damaged.</exception>
    public DenseArray? FreeArray(string name)
    {
        var path = At(name + ".npy");
        if (!File.Exists(path))
        {
            return null;
        }

        var array = DenseArray.Read(path);
        return System.Array.FindIndex(array.Values, v => !double.IsFinite(v)) is >= 0 and var at
            ? throw ProblemException.BadInput($"'{path}' has {array.Values[at]} in it: the file is damaged; run the fit again")
            : array;
    }

    /// <summary>An array of its results, row-major.</summary>
    /// <exception cref="ProblemException">It is not there, damaged, or of another shape.</exception>
    private double[] Array(string name, int rows, int columns, bool isByRow)
    {
        if (_arrays.TryGetValue(name, out var known))
        {
            return known;
        }

        var path = At(name + ".npy");
        var array = File.Exists(path) ? DenseArray.Read(path)
            : throw (Status == Failed
                ? NoResults()
                : ProblemException.BadInput($"'{path}' is not there, though fit.json is: run the fit again"));
        if (array.Rows != rows || array.Columns != columns)
        {
            throw ProblemException.BadInput(
                $"'{path}' is {array.Rows} x {array.Columns}, but the fit's is {rows} x {columns}: the folder holds files of different " +
                "fits; run the fit again");
        }

        if (System.Array.FindIndex(array.Values, v => !double.IsFinite(v)) is >= 0 and var at)
        {
            if (Status == Failed && isByRow)
            {
                throw ProblemException.BadInput(
                    $"row '{Rows.Names[at / columns]}' has no parameters in '{path}', as the fit in '{Folder}' failed there: project " +
                    "it, or the other rows, onto its columns, or look at its entries and fit again");
            }

            throw ProblemException.BadInput(
                $"'{path}' has {array.Values[at]} in row {(at / columns) + 1}: the file is damaged; run the fit again");
        }

        _arrays.Add(name, array.Values);
        return array.Values;
    }

    private ProblemException NoResults() =>
        ProblemException.BadInput($"the fit in '{Folder}' failed and left no results: {Failure}");

    private string[] ReadNames(string file, long count)
    {
        var path = At(file);
        if (!File.Exists(path))
        {
            throw ProblemException.BadInput($"'{path}' is not there, though fit.json is: run the fit again");
        }

        string[] names = [.. File.ReadLines(path).Skip(1)];
        return names.Length == count ? names
            : throw ProblemException.BadInput(
                $"'{path}' has {names.Length} names below its header, but the fit has {count}: the folder holds files of different " +
                "fits; run the fit again");
    }
}
