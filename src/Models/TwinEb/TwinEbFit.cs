using System.Text.Json;
using FitCluster.Data;
using FitCluster.Math.TwinEb;
using FitCluster.Messages;
using FitCluster.Models.Jobs;
using FitCluster.Models.Results;

namespace FitCluster.Models.TwinEb;

/// <summary>What can be done with a finished fit of twineb, or with rows projected onto one. Not thread-safe.</summary>
internal sealed class TwinEbFit : IRecommendsColumns, IProjectsRows
{
    public TwinEbFit(FinishedFit fit)
    {
        Fit = fit;
        Options = TwinEbJob.OptionsOf(fit.Spec.Section, fit.Rows.Names.Count, fit.Columns.Names.Count, fit.Spec.Seed);
    }

    /// <summary>The folder.</summary>
    public FinishedFit Fit { get; }

    /// <summary>The model's options.</summary>
    public TwinEbOptions Options { get; }

    public bool IsCounts => Options.Likelihood != TwinEbLikelihood.Gaussian;

    /// <summary>Whether columns were standardized.</summary>
    public bool IsScaled => !IsCounts && Fit.Spec.Section.Get(TwinEbFields.Standardize);

    /// <inheritdoc/>
    public ICellPredictor Predictor(bool withSd) => new TwinEbPredictor(this, withSd);

    /// <inheritdoc/>
    public ISeenCells Seen(string? path) => new SeenCells(this, path);

    /// <inheritdoc/>
    public IRowProjection Onto(MatrixSource data, ColumnMap? map) => new TwinEbRowProjection(this, data, map);

    /// <summary>Posterior means or standard deviations of all rows, or of all columns, x factors.</summary>
    public double[] Moments(string name) =>
        name.StartsWith("rows", StringComparison.Ordinal) ? Fit.RowArray(name, Options.Factors) : Fit.ColumnArray(name, Options.Factors);

    /// <summary>How columns were standardized; null where they were not.</summary>
    public ColumnScale? Scale =>
        IsScaled ? new ColumnScale(Fit.ColumnArray("columns_center", 1), Fit.ColumnArray("columns_scale", 1)) : null;

    /// <summary>The array of the columns' other moments, which the default optimizer has, and its width.</summary>
    private (string Name, int Width) Second =>
        IsCounts ? ("columns_log_mean", Options.Factors) : ("columns_second", Options.Factors * (Options.Factors + 1) / 2);

    /// <summary>What new rows are fitted with.</summary>
    /// <exception cref="ProblemException">The fit is not of the default optimizer, or files are not what they were.</exception>
    public TwinEbProjection Projection()
    {
        if (Options.Optimizer != TwinEbOptimizer.Default)
        {
            throw ProblemException.BadInput(
                $"the fit in '{Fit.Folder}' is of twineb.optimizer: {Options.Optimizer.ToString().ToLowerInvariant()}, whose rows are " +
                "found by steps of Adam: project needs a fit of optimizer: default");
        }

        var (second, width) = Second;
        var results = new ArraySet().Set("columns_mean", Moments("columns_mean")).Set(second, Fit.ColumnArray(second, width));
        ReadDispersion(results);
        ReadPrior(results, "row_prior");
        results.Set("spread", AtLeastOne("spread")).Set("temper", AtLeastOne("temper"));
        return new TwinEbProjection(Options, results);
    }

    /// <summary>The results that another fit starts from: columns and priors.</summary>
    public ArraySet StartingResults()
    {
        var results = new ArraySet();
        int[] shape = [Options.Columns, Options.Factors];
        results.Set("columns_mean", Moments("columns_mean"), shape).Set("columns_sd", Moments("columns_sd"), shape);

        // The default optimizer's alone.
        if (Options.Optimizer == TwinEbOptimizer.Default)
        {
            var (second, width) = Second;
            results.Set(second, Fit.ColumnArray(second, width), [Options.Columns, width]);
            ReadDispersion(results);
        }

        ReadPrior(results, "row_prior");
        ReadPrior(results, "column_prior");
        return results;
    }

    /// <summary>Negative binomial: a; else infinite, no dispersion beyond Poisson's.</summary>
    public double Dispersion => Options.Likelihood != TwinEbLikelihood.NegativeBinomial ? double.PositiveInfinity
        : Fit.ColumnArray("columns_dispersion", 1)[0] is > 0 and var dispersion ? dispersion
        : throw ProblemException.BadInput(
            $"columns_dispersion.npy in '{Fit.Folder}' has a number that is not above 0: it is damaged; run the fit again");

    // A number of fit.json that says how far q is not Poisson's; of fits before it was written, or without it, 1.
    private double AtLeastOne(string field) => Fit.Report.TryGetProperty(TwinEbFields.Table.Name, out var own) &&
        own.TryGetProperty(field, out var value) && value.ValueKind == JsonValueKind.Number && value.GetDouble() >= 1
            ? value.GetDouble()
            : 1;

    private void ReadDispersion(ArraySet results)
    {
        if (Options.Likelihood == TwinEbLikelihood.NegativeBinomial)
        {
            const string Harmonic = "columns_harmonic_mean";
            results.Set("dispersion", Dispersion)
                .Set(Harmonic, Fit.ColumnArray(Harmonic, Options.Factors), [Options.Columns, Options.Factors]);
        }
    }

    private void ReadPrior(ArraySet results, string side)
    {
        var path = Fit.At(side + ".json");
        try
        {
            using var document = JsonDocument.Parse(File.ReadAllBytes(path));
            var components = document.RootElement.GetProperty("components").EnumerateArray().ToArray();
            results.Set(side + "_weight", [.. components.Select(c => c.GetProperty("weight").GetDouble())]);
            foreach (var name in IsCounts ? new[] { "shape", "rate" } : ["mean", "sd"])
            {
                var values = components.SelectMany(c => c.GetProperty(name).EnumerateArray()).Select(v => v.GetDouble()).ToArray();
                if (values.Length != components.Length * Options.Factors)
                {
                    throw ProblemException.BadInput(
                        $"'{path}' has {values.Length} numbers '{name}' for {components.Length} components of {Options.Factors} " +
                        "factors: the folder holds files of different fits; run the fit again");
                }

                results.Set($"{side}_{name}", values);
            }
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException or FormatException or IOException)
        {
            throw ProblemException.BadInput($"'{path}' cannot be read as a prior: it is damaged or not there; run the fit again", e);
        }
    }
}
