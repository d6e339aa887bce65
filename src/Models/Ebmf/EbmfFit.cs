using FitCluster.Data;
using FitCluster.Math.Ebmf;
using FitCluster.Math.Ebnm;
using FitCluster.Models.Jobs;
using FitCluster.Models.Priors;
using FitCluster.Models.Results;

namespace FitCluster.Models.Ebmf;

/// <summary>
/// What can be done with a finished fit of ebmf, or with rows projected onto one. All of it is on the scale of the data after their
/// transformation,
/// which is what was fitted. Not thread-safe.
/// </summary>
internal sealed class EbmfFit : IPredictsCells, IProjectsRows
{
    private readonly Lazy<StandardErrors> _errors;

    public EbmfFit(FinishedFit fit)
    {
        Fit = fit;
        Factors = fit.Report.GetProperty("factors").GetInt32();
        _errors = new Lazy<StandardErrors>(ReadErrors);
    }

    /// <summary>The folder.</summary>
    public FinishedFit Fit { get; }

    /// <summary>The number of its factors.</summary>
    public int Factors { get; }

    /// <summary>The known standard errors of what was fitted.</summary>
    public StandardErrors Errors => _errors.Value;

    /// <summary>Of the fit's options what its results need to be understood.</summary>
    public EbmfOptions Options => new()
    {
        Rows = Fit.Rows.Names.Count,
        Columns = Fit.Columns.Names.Count,
        Variance = Fit.Spec.Section.Get(EbmfFields.Variance),
        KnownErrors = Errors.Kind,
        StandardErrors = Errors.Kind is KnownErrors.Scalar or KnownErrors.Column ? Errors.FiniteValues : [],
    };

    /// <inheritdoc/>
    public ICellPredictor Predictor(bool withSd) => new EbmfPredictor(this, withSd);

    /// <inheritdoc/>
    public IRowProjection Onto(MatrixSource data, ColumnMap? map) => new EbmfRowProjection(this, data, map);

    /// <summary>Moments of all loadings or of all factors, by row or column x factors: "loadings_mean" and the like.</summary>
    public double[] Moments(string name) =>
        Factors == 0 ? []
        : name.StartsWith("loadings", StringComparison.Ordinal) ? Fit.RowArray(name, Factors)
        : Fit.ColumnArray(name, Factors);

    /// <summary>The fitted priors of a side, "loadings" or "factors", one for each factor.</summary>
    public Prior[] Priors(string side)
    {
        var path = Fit.At(side + "_prior.json");
        var priors = PriorJson.ReadListFile(path);
        return priors.Length == Factors ? priors
            : throw ProblemException.BadInput(
                $"'{path}' has {priors.Length} priors, but the fit has {Factors} factors: the folder holds files of different fits; run " +
                "the fit again");
    }

    /// <summary>The part of the residual standard deviation that belongs to rows; empty where there is none.</summary>
    public double[] ResidualOfRows() => ResidualFiles().OfRows is { } name ? Fit.RowArray(name, 1) : [];

    /// <summary>The part that belongs to columns, or to all entries; empty where there is none.</summary>
    public double[] ResidualOfColumns()
    {
        var (_, name) = ResidualFiles();
        var isOne = name is not null && Fit.Spec.Section.Get(EbmfFields.Variance) switch
        {
            VarianceStructure.Constant => true,
            VarianceStructure.Known => Errors.Kind == KnownErrors.Scalar,
            _ => false,
        };
        return name is null ? [] : isOne ? [Fit.Scalar(name)] : Fit.ColumnArray(name, 1);
    }

    /// <summary>
    /// The files of the parts of the residual standard deviation, without ending, as <see cref="EbmfOutput"/> names them.
    /// </summary>
    public (string? OfRows, string? OfColumns) ResidualFiles() => (Fit.Spec.Section.Get(EbmfFields.Variance), Errors.Kind) switch
    {
        (VarianceStructure.Kronecker, _) => (EbmfOutput.ResidualSdOfRows, EbmfOutput.ResidualSdOfColumns),
        (VarianceStructure.Row, _) or (VarianceStructure.Known, KnownErrors.Row) => (EbmfOutput.ResidualSd, null),
        (VarianceStructure.Known, KnownErrors.Matrix) => (null, null),
        _ => (null, EbmfOutput.ResidualSd),
    };

    private StandardErrors ReadErrors()
    {
        var choice = Fit.Spec.Section.Get(EbmfFields.StandardErrors);
        if (choice?.Path is { } path && !Path.Exists(path))
        {
            throw ProblemException.BadInput(
                $"the standard errors '{path}' of the fit '{Fit.Folder}' are not there any more, and without them its noise is not " +
                "known: put them back");
        }

        // Only errors that hold for any row can be known for projected ones: a file as long as there are of these is not theirs.
        return StandardErrors.Read(choice, Fit.Status == FinishedFit.Projected ? null : Fit.Rows.Names.Count, Fit.Columns.Names.Count);
    }
}
