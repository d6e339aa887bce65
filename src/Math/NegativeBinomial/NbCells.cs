using FitCluster.Math.Models;
using FitCluster.Messages;

namespace FitCluster.Math.NegativeBinomial;

/// <summary>Scalars of a shard's state.</summary>
public enum NbShardField
{
    /// <summary>Whether the cells have been started.</summary>
    IsStarted,
}

/// <summary>The cells' side of model nb: what a shard does with a broadcast (<see cref="NbTables"/>).</summary>
public static class NbCells
{
    /// <summary>Extras: rows, each cell's dataset, from 0; not needed for one dataset.</summary>
    public const string DatasetExtra = "dataset";

    /// <summary>Extras: rows x K, what is added to log w_k of a cell; may be absent.</summary>
    public const string LabelExtra = "label_logits";

    internal static readonly StateKey Location = new("location");
    internal static readonly StateKey Scale = new("scale");
    internal static readonly StateKey Responsibilities = new("responsibilities");
    internal static readonly StateKey LogLikelihood = new("log_likelihood");

    /// <summary>The form of a shard's state.</summary>
    public static StateFormat<NbShardField> Format { get; } = new("nb-cells", 1);

    /// <summary>A shard's state before the first round: by cell m and s of q(t) (with capture), responsibilities (K &gt; 1).</summary>
    public static ArraySet InitialShard(NbOptions options, ShardData data)
    {
        var state = Format.New();
        var rows = data.Block.Rows;
        if (options.Capture != NbCapture.None)
        {
            state.Put(Location, new double[rows], [rows]);
            state.Put(Scale, Filled(rows, 1), [rows]);
        }

        if (options.Components > 1)
        {
            state.Put(Responsibilities, Filled(rows * options.Components, 1.0 / options.Components), [rows, options.Components]);
        }

        return state.Arrays;
    }

    /// <summary>The local step; see <see cref="NbPassKind"/>. Returns the partial.</summary>
    public static ArraySet Local(NbOptions options, ArraySet broadcast, ShardData data, ArraySet shard)
    {
        var tables = NbTables.View(NbShape.Of(options), broadcast);
        return tables.Kind switch
        {
            NbPassKind.Describe => NbDescribe.Describe(tables.Shape, data).Arrays,
            NbPassKind.Group => NbGroups.Local(tables, data),
            NbPassKind.Histogram => NbDescribe.Histogram(tables, data),
            _ => new NbCellPass(options, tables, data, Format.View(shard)).Run().Arrays,
        };
    }

    /// <summary>
    /// A shard's rows of the results: capture_mean, capture_sd (of nu), capture_location, capture_scale (of t), responsibilities (rows x
    /// K), log_likelihood (E_q log sum_k w_k prod_g f, where the last pass kept it); each where the model has it.
    /// </summary>
    public static ArraySet Results(NbOptions options, ShardData data, ArraySet shard)
    {
        var state = Format.View(shard);
        var results = new ArraySet();
        var rows = data.Block.Rows;
        if (state.Has(Location))
        {
            var (location, scale) = (state[Location], state[Scale]);
            var (mean, sd) = (new double[rows], new double[rows]);
            var row = new NbRow(data, null);
            for (var c = 0; c < rows; c++)
            {
                row.Read(c);
                (mean[c], sd[c]) = NbCellPosterior.Capture(NbCellCoordinate.Of(options, row.Total), location[c], scale[c]);
            }

            results.Set("capture_mean", mean).Set("capture_sd", sd).Set("capture_location", location).Set("capture_scale", scale);
        }

        if (state.Has(Responsibilities))
        {
            results.Set("responsibilities", state[Responsibilities], [rows, options.Components]);
        }

        if (state.Has(LogLikelihood))
        {
            results.Set("log_likelihood", state[LogLikelihood]);
        }

        return results;
    }

    private static double[] Filled(int length, double value)
    {
        var array = new double[length];
        array.AsSpan().Fill(value);
        return array;
    }
}
