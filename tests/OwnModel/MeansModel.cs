using FitCluster.Math.Models;
using FitCluster.Messages;

namespace FitCluster.OwnModel;

/// <summary>Each step goes three tenths of the way to the means.</summary>
internal sealed class MeansModel(double[] start, int steps) : IFitModel
{
    private static readonly StateFormat<Field> Form = new("means", 1);
    private static readonly StateKey Mean = new("mean"), Sum = new("sum"), Rows = new("rows"), Squares = new("squares"),
        Residual = new("row_residual");

    private enum Field { Steps, LogLikelihood }

    public string Name => "means";

    public StateFormat GlobalFormat => Form;

    public ArraySet InitialGlobal() => Form.New().Arrays.Set(Mean, start);

    public ArraySet InitialShard(ShardData data) => new ArraySet().Set(Residual, new double[data.Block.Rows]);

    public ArraySet Broadcast(ArraySet global) => new ArraySet().Set(Mean, global.Get(Mean));

    public ArraySet Local(ArraySet broadcast, ShardData data, ArraySet shard)
    {
        var (mean, sum, squares) = (broadcast.Get(Mean), new double[start.Length], 0.0);
        for (var i = 0; i < data.Block.Rows; i++)
        {
            var row = data.Block.DenseRows(i, 1);
            var total = 0.0;
            for (var j = 0; j < mean.Length; j++)
            {
                var residual = row[j] - mean[j];
                sum[j] += residual;
                squares += residual * residual;
                total += residual;
            }

            shard.Get(Residual)[i] = total / mean.Length;
        }

        return new ArraySet().Set(Sum, sum).Set(Rows, data.Block.Rows).Set(Squares, squares);
    }

    public ArraySet Update(ArraySet global, ArraySet partial)
    {
        var (next, rows) = (Form.Next(global), partial.Scalar(Rows));
        next[Mean] = [.. global.Get(Mean).Zip(partial.Get(Sum), (mean, sum) => mean + (0.3 * sum / rows))];
        next[Field.LogLikelihood] = -0.5 * (partial.Scalar(Squares) + (rows * start.Length * double.Log(2 * double.Pi)));
        next[Field.Steps]++;
        return next.Arrays;
    }

    public RoundReport Report(ArraySet global)
    {
        var state = Form.View(global);
        var isDone = state.Whole(Field.Steps) >= steps;
        return new RoundReport("means", state[Field.LogLikelihood], isDone, isDone, state[Field.Steps] / steps);
    }

    public ArraySet EndEarly(ArraySet global)
    {
        var next = Form.Next(global);
        next[Field.Steps] = steps;
        return next.Arrays;
    }

    public ArraySet ShardResult(ShardData data, ArraySet shard) => shard;

    public ArraySet GlobalResult(ArraySet global) =>
        new ArraySet().Set(Mean, global.Get(Mean)).Set("elbo", Form.View(global)[Field.LogLikelihood]);
}
