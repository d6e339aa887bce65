using FitCluster.Math.Models;
using FitCluster.Messages;
using FitCluster.Models;
using FitCluster.Models.Jobs;
using FitCluster.Models.Reports;
using FitCluster.Models.Results;
using FitCluster.Models.Simulation;
using FitCluster.Models.Spec;

namespace FitCluster.OwnModel;

/// <summary>
/// A model in a test's program: x_ij ~ N(mean_j, 1), the means found step by step from 0. All that a kind of model needs.
/// </summary>
public sealed class MeansKind : ModelKind
{
    public static readonly SpecField<int> Steps = new("steps", SpecTypes.Count(1, 1_000_000), 60) { Flag = "--steps", Help = "the steps" };

    public override string Summary => "a Gaussian mean for each column";

    public override SpecTable Fields { get; } = new("means", Steps);

    public override IReadOnlyList<string> ResultArrays => ["mean", "row_residual"];

    public override IReadOnlyList<Type> Offers => [typeof(IPredictsCells)];

    public override SimulatorKind Simulator => new MeansSimulator();

    public override ModelJob Prepare(ModelRequest request) => new MeansJob(request);

    public override object Open(FinishedFit fit) => new MeansFit(fit);

    public override IEnumerable<ReportSection> Report(FinishedFit fit) =>
        [new("Means", Svg.Bars([.. fit.ColumnArray("mean", 1).Select((mean, j) => (fit.Columns.Names[j], mean))], "mean"))];
}

internal sealed class MeansJob(ModelRequest request) : ModelJob(request)
{
    public override IFitModel Model { get; } = new MeansModel(request.Data.Columns, request.Section.Get(MeansKind.Steps));

    public override SizeEstimate Sizes { get; } = SizeEstimate.Of(
        request.Data.StoredBytes, 8L * request.Data.Columns, 8L * request.Data.Columns);
}

internal sealed class MeansFit(FinishedFit fit) : IPredictsCells, ICellPredictor
{
    public ICellPredictor Predictor(bool withSd) => this;

    public double Mean(int row, int column) => fit.ColumnArray("mean", 1)[column];

    public double Sd(int row, int column) => 1;
}

internal sealed class MeansModel(int columns, int steps) : IFitModel
{
    private static readonly StateFormat<Field> Form = new("means", 1);
    private static readonly StateKey Mean =
        new("mean"), Sum = new("sum"), Rows = new("rows"), Squares = new("squares"), Residual = new("row_residual");

    private enum Field { Round, LogLikelihood }

    public string Name => "means";

    public StateFormat GlobalFormat => Form;

    public ArraySet InitialGlobal() => Form.New().Arrays.Set(Mean, new double[columns]);

    public ArraySet InitialShard(ShardData data) => new ArraySet().Set(Residual, new double[data.Block.Rows]);

    public ArraySet Broadcast(ArraySet global) => new ArraySet().Set(Mean, global.Get(Mean));

    public ArraySet Local(ArraySet broadcast, ShardData data, ArraySet shard)
    {
        var (mean, sum, squares) = (broadcast.Get(Mean), new double[columns], 0.0);
        for (var i = 0; i < data.Block.Rows; i++)
        {
            var row = data.Block.DenseRows(i, 1);
            var total = 0.0;
            for (var j = 0; j < columns; j++)
            {
                sum[j] += row[j] - mean[j];
                squares += (row[j] - mean[j]) * (row[j] - mean[j]);
                total += row[j] - mean[j];
            }

            shard.Get(Residual)[i] = total / columns;
        }

        return new ArraySet().Set(Sum, sum).Set(Rows, data.Block.Rows).Set(Squares, squares);
    }

    public ArraySet Update(ArraySet global, ArraySet partial)
    {
        var next = Form.Next(global);
        next[Mean] = [.. global.Get(Mean).Select((mean, j) => mean + (0.3 * partial.Get(Sum)[j] / partial.Scalar(Rows)))];
        next[Field.LogLikelihood] = -0.5 * (partial.Scalar(Squares) + (partial.Scalar(Rows) * columns * double.Log(2 * double.Pi)));
        next[Field.Round]++;
        return next.Arrays;
    }

    public RoundReport Report(ArraySet global)
    {
        var state = Form.View(global);
        var isDone = state[Field.Round] >= steps;
        return new RoundReport("means", state[Field.LogLikelihood], isDone, isDone, state[Field.Round] / steps);
    }

    public ArraySet EndEarly(ArraySet global)
    {
        var next = Form.Next(global);
        next[Field.Round] = steps;
        return next.Arrays;
    }

    public ArraySet ShardResult(ShardData data, ArraySet shard) => shard;

    public ArraySet GlobalResult(ArraySet global) =>
        new ArraySet().Set("mean", global.Get(Mean)).Set("elbo", Form.View(global)[Field.LogLikelihood]);
}

internal sealed class MeansSimulator : SimulatorKind
{
    public override SpecTable Fields { get; } = new("means", SimulationFields.Rows, SimulationFields.Columns, SimulationFields.Seed);

    public override bool DrawsCounts(SpecSection options) => false;

    public override ISimulator Create(SpecSection options) => new Draws(options);

    private sealed class Draws(SpecSection options) : ISimulator
    {
        public long Rows => options.Get(SimulationFields.Rows);

        public int Columns => options.Get(SimulationFields.Columns);

        public int Factors => 1;

        public bool AreCounts => false;

        public bool HasMissing => false;

        public string RowTruth => "truth_rows";

        public void Draw(long row, Span<double> factors, Span<double> values)
        {
            for (var j = 0; j < values.Length; j++)
            {
                values[j] =
                    j + Math.Numerics.Philox.Normal((ulong)options.Get(SimulationFields.Seed), 1, ((ulong)row * (ulong)Columns) + (ulong)j);
            }
        }

        public void WriteTruth(string folder)
        {
        }

        public void WriteOptions(System.Text.Json.Utf8JsonWriter writer, string format) => writer.WriteString("model", "means");
    }
}
