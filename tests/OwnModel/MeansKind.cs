using FitCluster.Math.Models;
using FitCluster.Models;
using FitCluster.Models.Jobs;
using FitCluster.Models.Reports;
using FitCluster.Models.Results;
using FitCluster.Models.Simulation;
using FitCluster.Models.Spec;

namespace FitCluster.OwnModel;

/// <summary>A model in a test's program: x_ij ~ N(mean_j, 1), the means found step by step.</summary>
internal sealed class MeansKind : ModelKind
{
    private static readonly SpecField<int> Steps =
        new("steps", SpecTypes.Count(1, 1_000_000), 60) { Flag = "--steps", Help = "the steps towards the means" };

    public override string Summary => "a Gaussian mean for each column";

    public override SpecTable Fields { get; } = new("means", Steps);

    public override bool StartsFromFits => true;

    public override IReadOnlyList<string> ResultArrays => ["mean", "row_residual"];

    public override IReadOnlyList<Type> Offers => [typeof(IPredictsCells)];

    public override SimulatorKind Simulator => new MeansSimulator();

    public override ModelJob Prepare(ModelRequest request) => new Job(request);

    public override object Open(FinishedFit fit) => new Fit(fit.ColumnArray("mean", 1));

    public override IEnumerable<ReportSection> Report(FinishedFit fit) =>
        [new("Means", Svg.Bars([.. fit.Columns.Names.Zip(fit.ColumnArray("mean", 1))], "mean"))];

    private sealed class Job(ModelRequest request) : ModelJob(request)
    {
        public override IFitModel Model { get; } = new MeansModel(
            request.From?.ColumnArray("mean", 1) ?? new double[request.Data.Columns], request.Section.Get(Steps));

        public override SizeEstimate Sizes { get; } = SizeEstimate.Of(
            request.Data.StoredBytes, 8L * (request.Data.Rows + request.Data.Columns), 8L * (request.Data.Rows + request.Data.Columns));
    }

    private sealed class Fit(double[] means) : IPredictsCells, ICellPredictor
    {
        public ICellPredictor Predictor(bool withSd) => this;

        public double Mean(int row, int column) => means[column];

        public double Sd(int row, int column) => 1;
    }
}
