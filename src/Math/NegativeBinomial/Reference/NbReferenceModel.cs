using FitCluster.Math.Models;
using FitCluster.Messages;

namespace FitCluster.Math.NegativeBinomial;

/// <summary>
/// Model nb by the published optimizer (mrazomej/scribe at b7372e30): mean-field guides that begin at the priors, one draw a step of the
/// bound with closed divergences where the reference has them, the mixture's label summed out, Adam on locations and logs of scales,
/// minibatches of cells whose terms stand for all. One round is one step. Steps that are not finite are skipped. Draws are keyed by (seed,
/// step, site or row); a shard keeps its cells' gradient until the next broadcast says that the step is taken.
/// </summary>
public sealed class NbReferenceModel : IFitModel
{
    private readonly NbOptions _options;
    private readonly NbReferenceProblem _problem;
    private readonly NbReferenceUpdate _update;

    /// <summary>The model of options.</summary>
    /// <exception cref="ArgumentException">The published optimizer has no such model; the message lists why.</exception>
    public NbReferenceModel(NbOptions options)
    {
        var problems = NbReferenceProblem.Problems(options);
        if (problems.Count > 0)
        {
            throw new ArgumentException(string.Join("; ", problems), nameof(options));
        }

        _options = options;
        _problem = new NbReferenceProblem(options);
        _update = new NbReferenceUpdate(options, _problem);
    }

    /// <inheritdoc/>
    public string Name => "nb";

    /// <inheritdoc/>
    public StateFormat GlobalFormat => NbReferenceKeys.Format;

    /// <inheritdoc/>
    public StateFormat ShardFormat => NbReferenceLocal.Format;

    /// <inheritdoc/>
    public ArraySet InitialGlobal() => _update.Initial().Arrays;

    /// <inheritdoc/>
    public ArraySet InitialShard(ShardData data) => NbReferenceLocal.Initial(_options, data);

    /// <inheritdoc/>
    public ArraySet Broadcast(ArraySet global) => _update.Broadcast(NbReferenceKeys.Format.View(global), NbReferenceDrawKind.Random);

    /// <inheritdoc/>
    public ArraySet Local(ArraySet broadcast, ShardData data, ArraySet shard)
    {
        var tables = NbTables.View(_problem.Shape, broadcast);
        return tables.Kind switch
        {
            NbPassKind.Describe => NbDescribe.Describe(tables.Shape, data).Arrays,
            NbPassKind.Histogram => NbDescribe.Histogram(tables, data),
            _ => NbReferenceLocal.Run(_options, broadcast, data, shard),
        };
    }

    /// <inheritdoc/>
    public ArraySet Update(ArraySet global, ArraySet partial) =>
        _update.Next(NbReferenceKeys.Format.Next(global), partial, NbReferenceDrawKind.Random).Arrays;

    /// <inheritdoc/>
    public RoundReport Report(ArraySet global)
    {
        var state = NbReferenceKeys.Format.View(global);
        var (phase, step) = ((NbReferencePhase)state.Whole(NbReferenceField.Phase), state[NbReferenceField.Step]);
        var failure = state.Is(NbReferenceField.HasFailed)
            ? FormattableString.Invariant(
                $"the loss was not finite for {NbReferenceUpdate.MostSkipped} steps in a row, up to {step}; try a smaller learning rate")
            : null;
        return new RoundReport(
            phase == NbReferencePhase.Step ? "svi" : phase.ToString().ToLowerInvariant(),
            phase >= NbReferencePhase.Step && step > 0 ? state[NbReferenceField.LastBound] : double.NaN,
            phase == NbReferencePhase.Done,
            state.Is(NbReferenceField.IsConverged),
            phase == NbReferencePhase.Done ? 1 : double.Min(1, step / _options.Steps),
            null,
            failure);
    }

    /// <inheritdoc/>
    public ArraySet EndEarly(ArraySet global)
    {
        var state = NbReferenceKeys.Format.Next(global);
        if (state.Whole(NbReferenceField.Phase) == (int)NbReferencePhase.Step)
        {
            _update.End(state);
        }

        return state.Arrays;
    }

    /// <inheritdoc/>
    public ArraySet ShardResult(ShardData data, ArraySet shard) => NbReferenceLocal.Results(_options, data, shard);

    /// <inheritdoc/>
    public ArraySet GlobalResult(ArraySet global) => NbReferenceResults.Of(_options, _problem, NbReferenceKeys.Format.View(global));
}
