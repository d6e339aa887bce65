using FitCluster.Math.Models;
using FitCluster.Math.Numerics;
using FitCluster.Messages;

namespace FitCluster.Math.TwinEb;

/// <summary>
/// TwinEB's default optimizer: conjugate coordinate ascent of the ELBO, penalized on the mixtures' components (docs/twineb-default.md). Rows live on
/// the shards, columns and both priors at the coordinator; a sweep is two rounds: rows and priors, then columns, of which each shard updates a part.
/// Rounds: sums over the data; for each restart sweeps with one component a side, sweeps with the mixtures, a score of the validation cells; at last
/// held-out rows, under columns and priors of the best restart.
/// </summary>
public sealed partial class TwinEbConjugateModel : IFitModel
{
    private const string Best = "best.";

    private const string Before = "before.";

    // Shards take columns in blocks of so many: tables are made anew for each part.
    private const int ColumnBlock = 64;

    private readonly TwinEbOptions _options;
    private readonly IConjugateLikelihood _likelihood;
    private readonly HeldOutScorer _scorer;

    /// <summary>Checks the options.</summary>
    /// <exception cref="ArgumentException">An option is out of range or contradicts another; the message lists every problem.</exception>
    public TwinEbConjugateModel(TwinEbOptions options)
    {
        var problems = TwinEbOptionsCheck.Problems(options);
        if (problems.Count > 0)
        {
            throw new ArgumentException(string.Join("; ", problems), nameof(options));
        }

        _options = options;
        _likelihood = options.Likelihood == TwinEbLikelihood.Gaussian ? new ConjugateGaussian(options) : new ConjugatePoisson(options);
        _scorer = new HeldOutScorer(options);
    }

    /// <inheritdoc/>
    public string Name => "twineb";

    private int MostSweeps => _options.Steps ?? ConjugateSettings.Sweeps;

    private bool Splits =>
        (_options.Prior is TwinEbPrior.Twin or TwinEbPrior.Rows && _options.RowComponents > 1)
        || (_options.Prior is TwinEbPrior.Twin or TwinEbPrior.Columns && _options.ColumnComponents > 1);

    // The last sweep with one component a side, after which it is split.
    private int SplitAfter => Splits ? int.Min(ConjugateSettings.SweepsBeforeSplit, int.Max(2, MostSweeps / 2)) - 1 : -1;

    /// <inheritdoc/>
    public ArraySet InitialGlobal() => new ArraySet()
        .Set("phase", (double)ConjugatePhase.Describe)
        .Set("restart", 0)
        .Set("sweep", 0)
        .Set("sweeps", 0)
        .Set("objective", ConjugateSettings.NoObjective)
        .Set("converged", 0)
        .Set("ends", 0)
        .Set("allConverged", 1)
        .Set("endEarly", 0)
        .Set("promote", 0)
        .Set("givenUp", 0)
        .Set("hasDiverged", 0)
        .Set("divergence", [])
        .Set("hasBest", 0)
        .Set("bestRestart", 0)
        .Set("bestCriterion", ConjugateSettings.NoObjective)
        .Set("bestObjective", ConjugateSettings.NoObjective)
        .Set("validation", new double[HeldOutScore.Length])
        .Set("test", new double[HeldOutScore.Length])
        .Set("restartScores", [])
        .Set("restartElbos", []);

    /// <inheritdoc/>
    public ArraySet InitialShard(ShardData data) => new();

    /// <inheritdoc/>
    public ArraySet Broadcast(ArraySet global)
    {
        var phase = Phase(global);
        var broadcast = new ArraySet()
            .Set("phase", (double)phase)
            .Set("restart", global.Scalar("restart"))
            .Set("sweep", global.Scalar("sweep"))
            .Set("promote", global.Scalar("promote"))
            .Set("candidates", Candidates(global));
        if (phase is ConjugatePhase.Sweep or ConjugatePhase.Validate)
        {
            _likelihood.Broadcast(global, "", phase == ConjugatePhase.Validate, broadcast);
        }
        else if (phase == ConjugatePhase.Columns)
        {
            _likelihood.BroadcastColumns(global, broadcast);
        }
        else if (phase == ConjugatePhase.Project)
        {
            _likelihood.Broadcast(global, Best, true, broadcast);
        }

        if (phase is ConjugatePhase.Validate or ConjugatePhase.Project)
        {
            broadcast.Set("zeroShare", ZeroShare(global, phase == ConjugatePhase.Validate ? "validation" : "test"));
        }

        return broadcast;
    }

    /// <inheritdoc/>
    public ArraySet Local(ArraySet broadcast, ShardData data, ArraySet shard)
    {
        if (broadcast.Scalar("promote") != 0)
        {
            // Moved, not copied: the next restart makes new ones.
            foreach (var name in new[] { "mean", "sd" })
            {
                shard.Set("best." + name, shard[name], shard.Get(name).Shape).Set(name, []);
            }
        }

        var partial = Phase(broadcast) switch
        {
            ConjugatePhase.Describe => Describe(data),
            ConjugatePhase.Sweep => Sweep(broadcast, data, shard),
            ConjugatePhase.Columns => Columns(broadcast, data),
            ConjugatePhase.Validate => Validate(broadcast, data, shard),
            ConjugatePhase.Project => Project(broadcast, data, shard),
            _ => new ArraySet(),
        };
        data.Block.KeepAlive();
        return partial;
    }

    /// <inheritdoc/>
    public ArraySet Update(ArraySet global, ArraySet partial)
    {
        var next = Copy(global).Set("promote", 0).Set("hasDiverged", 0);
        if (Phase(global) == ConjugatePhase.Done)
        {
            return next;
        }

        var failure = ConjugateFailure.Of(partial);
        switch (Phase(global))
        {
            case ConjugatePhase.Describe:
                AfterDescription(next, partial, failure);
                break;
            case ConjugatePhase.Sweep:
                Remember(next);
                failure ??= AfterSweep(next, partial);
                if (failure is not null)
                {
                    next = GiveUp(global, failure);
                }

                break;
            case ConjugatePhase.Columns:
                failure ??= AfterColumns(next, partial);
                if (failure is not null)
                {
                    next = GiveUp(Remembered(global), failure);
                }

                break;
            case ConjugatePhase.Validate:
                AfterValidation(next, partial, failure);
                break;
            case ConjugatePhase.Project:
                if (failure is not null)
                {
                    NoteDivergence(next, $"held-out rows under the columns of restart {next.Scalar("bestRestart") + 1} have no test score: {failure}");
                }

                next.Set("test", failure is null ? partial["score"] : HeldOutScore.None.ToArray()).Set("phase", (double)ConjugatePhase.Done);
                break;
        }

        return next;
    }

    /// <inheritdoc/>
    public RoundReport Report(ArraySet global)
    {
        var (phase, objective) = (Phase(global), global.Scalar("objective"));
        var sweep = (int)global.Scalar("sweep");
        var restart = (int)global.Scalar("restart");
        var hasDiverged = global.Scalar("hasDiverged") != 0;
        var name = phase switch
        {
            ConjugatePhase.Describe => "describe",
            // The sweep whose rows were done is the one before.
            ConjugatePhase.Columns => sweep <= SplitAfter + 1 ? "start" : "sweep",
            ConjugatePhase.Sweep => sweep > 0 ? "columns" : "start",
            ConjugatePhase.Validate => "validate",
            ConjugatePhase.Project => "held-out rows",
            _ => "done",
        };
        var divergence = ConjugateFailure.Words(global["divergence"]);
        var isOver = phase == ConjugatePhase.Done;
        var done = isOver && (divergence.Length == 0 || global.Scalar("hasBest") != 0);
        var progress = done ? 1 : (restart + double.Min(0.95, (double)sweep / MostSweeps)) / _options.Restarts;
        var failure = isOver && divergence.Length > 0 ? Failure(global, divergence) : null;
        if (phase != ConjugatePhase.Describe && global.Contains("trainingRows") && global.Scalar("trainingRows") == 0)
        {
            failure = "all rows are held out: at least one training row is needed";
        }
        else if (phase != ConjugatePhase.Describe && global.Contains("trainingCells") && global.Scalar("trainingCells") == 0)
        {
            failure = "there is no training cell: at least one stored cell of a training row must not be held out";
        }

        return new RoundReport(
            _options.Restarts > 1 && !done ? $"{name} {restart + 1}" : name,
            phase == ConjugatePhase.Columns && !hasDiverged && objective > ConjugateSettings.NoObjective ? objective : double.NaN,
            done,
            done && global.Scalar("allConverged") != 0 && global.Scalar("endEarly") == 0,
            progress,
            hasDiverged ? divergence : null,
            failure);
    }

    /// <inheritdoc/>
    public ArraySet EndEarly(ArraySet global) => Copy(global).Set("endEarly", 1);

    /// <inheritdoc/>
    public ArraySet ShardResult(ShardData data, ArraySet shard)
    {
        int[] shape = [data.Block.Rows, _options.Factors];
        var fitted = shard.Contains("best.mean");
        double[] Unknown() => [.. Enumerable.Repeat(double.NaN, data.Block.Rows * _options.Factors)];
        return new ArraySet()
            .Set("rows_mean", fitted ? shard["best.mean"] : Unknown(), shape)
            .Set("rows_sd", fitted ? shard["best.sd"] : Unknown(), shape);
    }

    /// <inheritdoc/>
    public ArraySet GlobalResult(ArraySet global)
    {
        var results = new ArraySet();
        if (global.Scalar("hasBest") == 0)
        {
            // The fit failed before a restart ended.
            return results;
        }

        _likelihood.Results(global, Best, results);
        var (validation, test) = (HeldOutScore.FromArray(global["validation"]), HeldOutScore.FromArray(global["test"]));
        if (validation.Cells > 0)
        {
            results.Set("heldOutLogLik", validation.LogLik).Set("rmse", validation.Rmse).Set("mae", validation.Mae);
        }

        if (test.Cells > 0)
        {
            results.Set("testLogLik", test.LogLik).Set("testRmse", test.Rmse).Set("testMae", test.Mae);
        }

        return results
            .Set("elbo", global.Scalar("bestObjective") > ConjugateSettings.NoObjective ? global.Scalar("bestObjective") : double.NaN)
            .Set("sweeps", global.Scalar("sweeps"))
            .Set("restart", global.Scalar("bestRestart"))
            .Set("restartScores", global["restartScores"])
            .Set("restartElbos", global["restartElbos"]);
    }

    // The same arrays in a set of its own.
    private static ArraySet Copy(ArraySet set)
    {
        var copy = new ArraySet();
        foreach (var array in set)
        {
            copy.Set(array);
        }

        return copy;
    }

    private static ConjugatePhase Phase(ArraySet from) => (ConjugatePhase)(int)from.Scalar("phase");

    // Restarts have keys far apart.
    private ulong SeedOf(double restart) => unchecked(_options.Seed + ((ulong)restart * 0x9E3779B97F4A7C15));

    private double ZeroShare(ArraySet global, string kind)
    {
        var counts = global[kind + "Cells"];
        return HeldOutScorer.ZeroShare(_options, counts[0], counts[1]);
    }

    // Rows of the whole matrix from which row components start: all of them, or so many with equal spacing from a random start.
    private double[] Candidates(ArraySet global)
    {
        if (Phase(global) != ConjugatePhase.Sweep || (int)global.Scalar("sweep") != SplitAfter)
        {
            return [];
        }

        var count = long.Min(_options.Rows, (long)ConjugateSettings.CandidatesPerComponent * _options.RowComponents);
        var offset = Philox.Uniform(SeedOf(global.Scalar("restart")), ConjugateDraw.Candidates, 0);
        return [.. Enumerable.Range(0, (int)count).Select(c => double.Floor((c + offset) * _options.Rows / count))];
    }
}
