using FitCluster.Data;
using FitCluster.Math.NegativeBinomial;
using FitCluster.Messages;
using FitCluster.Models.Results;
using FitCluster.Models.Spec;

namespace FitCluster.Models.Nb;

/// <summary>What can be done with a finished fit of nb. Not thread-safe.</summary>
internal sealed class NbFit : IPredictsCells, IComparesGroups, IDenoisesCounts
{
    private readonly NbMethods _methods;
    private readonly Lazy<NbGroups> _groups;

    public NbFit(FinishedFit fit, NbMethods methods)
    {
        (Fit, _methods) = (fit, methods);
        var own = fit.Report.TryGetProperty(NbFields.Table.Name, out var found) ? found
            : throw ProblemException.BadInput($"fit.json in '{fit.Folder}' has no part of nb: it is damaged; run the fit again");
        Components = [.. own.GetProperty("components").EnumerateArray().Select(name => name.GetString()!)];
        string[] datasets = [.. own.GetProperty("datasets").EnumerateArray().Select(one => one.GetProperty("name").GetString()!)];
        Options = NbJob.OptionsOf(
            fit.Spec.Section, datasets, NbFactorJson.Read(own), fit.Columns.Names.Count, fit.Rows.Names.Count, fit.Spec.Seed);
        _groups = new Lazy<NbGroups>(() => new NbGroups(Options, Components));
    }

    /// <summary>The folder.</summary>
    public FinishedFit Fit { get; }

    /// <summary>The model's options.</summary>
    public NbOptions Options { get; }

    /// <summary>The components' names.</summary>
    public IReadOnlyList<string> Components { get; }

    /// <inheritdoc/>
    public IReadOnlyList<string> Groups => _groups.Value.Names;

    /// <inheritdoc/>
    public ICellPredictor Predictor(bool withSd) => new NbPredictor(this);

    /// <inheritdoc/>
    public IDenoiser Denoiser(MatrixSource data) => new NbDenoiser(this, data);

    /// <inheritdoc/>
    public IGroupDraws Pair(string a, string b, GroupComposition composition, ulong seed)
    {
        var problems = new ProblemList();
        var (first, second) = (_groups.Value.Find(a, "--a", problems), _groups.Value.Find(b, "--b", problems));
        if (first is not null && second is not null && Alike(first, second) is { } why)
        {
            problems.Add(why);
        }

        problems.ThrowIfAny();
        return new NbGroupDraws(Draws(), Options, Weights(), first!, second!, composition, seed);
    }

    /// <summary>The posterior's draws.</summary>
    public INbDraws Draws()
    {
        var results = new ArraySet();
        foreach (var name in NbKind.GlobalArrays)
        {
            if (Fit.FreeArray(name) is { } array)
            {
                // One dimension is read as one column, and one as wide as all genes as one row; the draws know what they wrote.
                results.Set(name, array.Values, array.Columns == 1 ? [array.Rows] : [array.Rows, array.Columns]);
            }
        }

        return _methods.Draws(Options, results);
    }

    /// <summary>A parameter's posterior moments by leaf and gene; null where the model does not have it.</summary>
    public NbLeafArray? Parameter(string name) => Fit.FreeArray(name) is { } array
        ? new NbLeafArray(
            new NamedArray(name, array.Values, array.Columns == 1 ? [array.Rows] : [array.Rows, array.Columns]),
            Options.Components, Options.Datasets.Count, Options.Genes)
        : null;

    /// <summary>An array by cell; null where the model does not have it.</summary>
    public double[]? ByCell(string name, int width = 1) => File.Exists(Fit.At(name + ".npy")) ? Fit.RowArray(name, width) : null;

    /// <summary>The weights, datasets x components.</summary>
    public double[] Weights()
    {
        var weights = Fit.FreeArray("weights")?.Values ?? [1.0];
        var (d, k) = (Options.Datasets.Count, Options.Components);
        return weights.Length == d * k ? weights : [.. Enumerable.Range(0, d * k).Select(at => weights[at % weights.Length])];
    }

    // Groups of which nothing can differ.
    private string? Alike(NbGroup a, NbGroup b)
    {
        var sameComponents = a.Components.SequenceEqual(b.Components);
        if (sameComponents && a.Datasets.SequenceEqual(b.Datasets))
        {
            return "--a and --b are the same group: give two";
        }

        return sameComponents && Options.Priors.MeanDatasets.Family == NbFamily.None && Options.Design.Count == 0 &&
            (a.Components.Count == 1 || !Options.DatasetWeights)
            ? "the datasets of this fit have one mean for all (nb.priors.mean.datasets: none), so that there is nothing to compare: fit " +
                "with a hierarchy of means across datasets"
            : null;
    }
}
