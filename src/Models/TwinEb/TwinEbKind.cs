using FitCluster.Math.TwinEb;
using FitCluster.Models.Reports;
using FitCluster.Models.Results;
using FitCluster.Models.Simulation;
using FitCluster.Models.Spec;

namespace FitCluster.Models.TwinEb;

/// <summary>TwinEB: Poisson and Gaussian factorization with mixture priors on rows and columns.</summary>
internal sealed class TwinEbKind : ModelKind
{
    /// <inheritdoc/>
    public override string Summary => "counts or numbers factorized with mixture priors on rows and on columns, both learnt";

    /// <inheritdoc/>
    public override SpecTable Fields => TwinEbFields.Table;

    /// <inheritdoc/>
    public override IReadOnlyList<string> ResultArrays =>
        ["rows_mean", "rows_sd", "columns_mean", "columns_sd", "columns_center", "columns_scale", "columns_log_mean",
            "columns_harmonic_mean", "columns_second", "columns_dispersion"];

    /// <inheritdoc/>
    public override IReadOnlyList<string> OtherResults =>
        ["row_prior.json", "column_prior.json", SplitFiles.RowsName, SplitFiles.CellsName];

    /// <inheritdoc/>
    public override IReadOnlyList<Type> Offers => [typeof(IRecommendsColumns), typeof(IProjectsRows)];

    /// <inheritdoc/>
    public override bool StartsFromFits => true;

    /// <inheritdoc/>
    public override SimulatorKind Simulator { get; } = new TwinEbSimulatorKind();

    /// <inheritdoc/>
    public override DataNeeds Needs(SpecSection section) => section.Get(TwinEbFields.Likelihood) == TwinEbLikelihood.Gaussian
        ? new DataNeeds { StoredZeros = "the gaussian likelihood of twineb" }
        : section.Get(TwinEbFields.Binarize) is not null ? new DataNeeds { NonZero = "twineb.binarize" }
        : new DataNeeds
        {
            NonZero = $"the {LikelihoodWords.Of(section.Get(TwinEbFields.Likelihood))} likelihood of twineb",
            Counts = $"the {LikelihoodWords.Of(section.Get(TwinEbFields.Likelihood))} likelihood of twineb",
            CountsHint =
                "; of a rating scale, set twineb.binarize: 0 to model which entries are above 0; or set twineb.likelihood: gaussian",
        };

    /// <inheritdoc/>
    public override ModelJob Prepare(ModelRequest request) => new TwinEbJob(request);

    /// <inheritdoc/>
    public override object Open(FinishedFit fit) => new TwinEbFit(fit);

    /// <inheritdoc/>
    public override IEnumerable<ReportSection> Report(FinishedFit fit) => TwinEbReport.Sections(fit);
}
