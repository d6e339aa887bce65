using FitCluster.Models.Reports;
using FitCluster.Models.Results;
using FitCluster.Models.Simulation;
using FitCluster.Models.Spec;

namespace FitCluster.Models.Ebmf;

/// <summary>EBMF: empirical-Bayes matrix factorization, Y = L F' + E.</summary>
internal sealed class EbmfKind : ModelKind
{
    /// <inheritdoc/>
    public override string Summary => "empirical-Bayes matrix factorization, Y = L F' + E: greedy, backfit and nullcheck, any prior family";

    /// <inheritdoc/>
    public override SpecTable Fields => EbmfFields.Table;

    /// <inheritdoc/>
    public override IReadOnlyList<string> ResultArrays =>
    [
        "loadings_mean", "loadings_sd", "loadings_lfsr", "factors_mean", "factors_sd", "factors_lfsr",
        "residual_sd", "residual_sd_rows", "residual_sd_columns",
    ];

    /// <inheritdoc/>
    public override IReadOnlyList<string> OtherResults => ["loadings_prior.json", "factors_prior.json"];

    /// <inheritdoc/>
    public override IReadOnlyList<Type> Offers => [typeof(IPredictsCells), typeof(IProjectsRows)];

    /// <inheritdoc/>
    public override bool StartsFromFits => true;

    /// <inheritdoc/>
    public override SimulatorKind Simulator { get; } = new EbmfSimulatorKind();

    /// <inheritdoc/>
    public override IModelDemo Demo { get; } = new EbmfDemo();

    /// <inheritdoc/>
    public override ModelJob Prepare(ModelRequest request) => new EbmfJob(request);

    /// <inheritdoc/>
    public override object Open(FinishedFit fit) => new EbmfFit(fit);

    /// <inheritdoc/>
    public override IEnumerable<ReportSection> Report(FinishedFit fit) => EbmfReport.Sections(fit);
}
