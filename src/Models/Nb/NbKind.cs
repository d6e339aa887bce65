using FitCluster.Models.Reports;
using FitCluster.Models.Results;
using FitCluster.Models.Simulation;
using FitCluster.Models.Spec;

namespace FitCluster.Models.Nb;

/// <summary>The negative-binomial family: counts of cells with capture, hierarchies over genes, components and datasets.</summary>
/// <param name="methods">The mathematics.</param>
internal sealed class NbKind(NbMethods methods) : ModelKind
{
    /// <summary>The array with each cell's dataset, from 0, where there are several.</summary>
    public const string DatasetArray = "dataset";

    /// <summary>The coordinator's arrays.</summary>
    public static IReadOnlyList<string> GlobalArrays { get; } =
    [
        .. from parameter in new[] { "mean", "dispersion", "probability", "gate", "overdispersion" }
           from moment in new[] { "mean", "sd", "map" }
           select $"{parameter}_{moment}",
        "weights", "gene_location", "gene_factor", "scalars", "guides",
    ];

    /// <inheritdoc/>
    public override string Summary => "counts of cells by negative binomials, with capture, mixtures and hierarchies over datasets";

    /// <inheritdoc/>
    public override SpecTable Fields => NbFields.Table;

    /// <inheritdoc/>
    public override bool KnowsDatasets => true;

    /// <inheritdoc/>
    public override IReadOnlyList<string> ResultArrays =>
    [
        .. GlobalArrays, "capture_mean", "capture_sd", "capture_location", "capture_scale", "responsibilities", "entropy", "log_likelihood",
        DatasetArray,
    ];

    /// <inheritdoc/>
    public override IReadOnlyList<string> OtherResults => [NbChecks.FileName];

    /// <inheritdoc/>
    public override IReadOnlyList<Type> Offers => [typeof(IPredictsCells), typeof(IComparesGroups), typeof(IDenoisesCounts)];

    /// <inheritdoc/>
    public override SimulatorKind Simulator { get; } = new NbSimulatorKind();

    /// <inheritdoc/>
    public override DataNeeds Needs(SpecSection section) => new()
    {
        Counts = "nb",
        NonZero = "nb",
        CountsHint = "; nb models the counts themselves, and the cells' totals by their capture",
    };

    /// <inheritdoc/>
    public override ModelJob Prepare(ModelRequest request) => new NbJob(request, methods);

    /// <inheritdoc/>
    public override object Open(FinishedFit fit) => new NbFit(fit, methods);

    /// <inheritdoc/>
    public override IEnumerable<ReportSection> Report(FinishedFit fit) => NbReport.Sections(fit);
}
