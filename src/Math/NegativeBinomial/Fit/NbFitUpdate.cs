using FitCluster.Math.Models;
using FitCluster.Messages;

namespace FitCluster.Math.NegativeBinomial;

/// <summary>
/// The coordinator's step after each round (<see cref="NbTransitions"/>). A pass yields the ELBO at what was broadcast, as high as the
/// cells can make it. If that was a proposal (a step along the flat direction, an extrapolation) and is lower than what is kept, what is
/// kept goes on; else genes, scalars, scales and weights take their steps, none of which lowers the ELBO.
/// </summary>
internal sealed class NbFitUpdate(NbStructure structure, NbCubature cubature)
{
    private const double BasisTolerance = 1e-13;
    private const int StartSteps = 6;
    private const int RoundSteps = 3;
    private const int StaticSteps = 60;
    private const int RoundsOfStart = 12;
    private const int RoundOfModes = 4;
    private const int AlongRidge = 1;
    private const int Extrapolated = 2;
    private const int RidgePatience = 3;
    private const int FirstExtrapolation = 4;
    private const int RestAfterRefusal = 2;
    private const int ScaleSteps = 2;
    private const double DeepestFreeStart = -6;

    private readonly NbShape _shape = structure.Shape;
    private readonly NbStartGroups _groups = new(structure.Options, structure.Shape);
    private readonly NbDrops _drops = new(structure.Options, structure.Shape);

    /// <summary>
    /// The gain in nats of a round below which it counts as none: by default 1e-3 (BNB, whose rounds cost more: 1e-2), and a billionth of
    /// the values on large data.
    /// </summary>
    public double Tolerance => structure.Options.Tolerance > 0 ? structure.Options.Tolerance
        : double.Max(_shape.ByEntry ? 1e-2 : 1e-3, 1e-9 * structure.Options.Cells * structure.Options.Genes);

    /// <summary>The state after a round.</summary>
    public StateSet<NbField> After(ArraySet global, ArraySet partial)
    {
        var state = NbFitState.Format.Next(global);
        var phase = (NbPhase)state.Whole(NbField.Phase);
        var answer = phase switch
        {
            NbPhase.Describe => Described(state, new NbDescription(partial)),
            NbPhase.Histogram => Counted(state, partial),
            NbPhase.Group => _groups.Take(state, partial) ? NbAnswer.Groups : NbAnswer.GoesOn,
            NbPhase.Start => Started(state, new NbStatistics(partial)),
            NbPhase.Fit => Fitted(state, new NbStatistics(partial)),
            _ => Finished(state, new NbStatistics(partial)),
        };
        state[NbField.Phase] = (int)NbTransitions.Next(phase, answer);
        return state;
    }

    private NbAnswer Described(StateSet<NbField> state, NbDescription description)
    {
        var sums = description.DatasetSums;
        var length = Enum.GetValues<NbDatasetSum>().Length;
        double Sum(NbDatasetSum sum) => Enumerable.Range(0, _shape.Datasets).Sum(d => sums[(d * length) + (int)sum]);
        var cells = Sum(NbDatasetSum.Cells);
        state[NbField.Failure] = description.Extremes[(int)NbDataExtreme.IsInvalid] > 0 ? 1 : Sum(NbDatasetSum.Total) == 0 ? 2 : 0;
        if (state.Is(NbField.Failure))
        {
            return NbAnswer.Fails;
        }

        state[NbFitState.Present] = [];
        state[NbFitState.Bits] = [.. description.MostCount.Select(CountLayout.BitsOf)];
        state[NbFitState.Cells] = [.. Enumerable.Range(0, _shape.Datasets).Select(d => sums[(d * length) + (int)NbDatasetSum.Cells])];
        state[NbFitState.Roots] = _shape.Components > 1 ? description.GeneRoot : [];
        state[NbField.StartLogTotal] = (Sum(NbDatasetSum.LogTotal) / cells) + 0.7;
        var depth = structure.Options.Capture switch
        {
            NbCapture.None => 0,
            NbCapture.Free => -DeepestFreeStart,
            _ => structure.Options.LogCaptureTotal + description.Extremes[(int)NbDataExtreme.MinusLeastLogTotal] +
                (4 * structure.Options.CaptureSd) + 2,
        };
        SetDepth(state, structure.Options.Capture == NbCapture.None ? 0 : double.Max(depth, 3));
        return NbAnswer.GoesOn;
    }

    private static void SetDepth(StateSet<NbField> state, double depth) =>
        (state[NbField.Low], state[NbField.Count]) = (-depth, depth == 0 ? 1 : Chebyshev.CountFor(-depth, BasisTolerance));

    private NbAnswer Counted(StateSet<NbField> state, ArraySet partial)
    {
        var full = new CountLayout(state[NbFitState.Bits]);
        var histogram = partial.Get(NbKeys.H);
        var layout = full.Occurring(histogram);
        var reduced = new double[_shape.Datasets * layout.Entries];
        for (var i = 0; i < reduced.Length; i++)
        {
            var (d, e) = (i / layout.Entries, i % layout.Entries);
            reduced[i] = histogram[(d * full.Entries) + (layout.Present.Length == 0 ? e : (int)layout.Present[e])];
        }

        (state[NbFitState.Present], state[NbFitState.Histogram]) = (layout.Present, reduced);
        if (_shape.Components == 1)
        {
            return NbAnswer.GoesOn;
        }

        _groups.Begin(state);
        return NbAnswer.Groups;
    }

    // leaves x entries.
    private double[] Histogram(StateSet<NbField> state, NbStatistics statistics)
    {
        if (_shape.Components == 1)
        {
            return state[NbFitState.Histogram];
        }

        if (!_shape.ByEntry)
        {
            return statistics.H;
        }

        var count = state.Whole(NbField.Count);
        return [.. Enumerable.Range(0, statistics.S.Length / count).Select(i => statistics.S[i * count])];
    }

    private NbEvidence Evidence(StateSet<NbField> state, NbStatistics statistics, double[] histogram) =>
        new(_shape, NbFitBroadcast.Basis(state), NbFitBroadcast.Layout(state), statistics, histogram);

    private NbAnswer Started(StateSet<NbField> state, NbStatistics statistics)
    {
        var histogram = Histogram(state, statistics);
        var evidence = Evidence(state, statistics, histogram);
        var ascent = new NbAscent(structure, cubature);
        var parameters = new NbStartPoint(structure, evidence, histogram).Make();
        (parameters, _) = ascent.Improve(parameters, ascent.Evaluate(parameters, evidence), evidence, StartSteps, Tolerance);
        parameters = new NbScaleStep(structure, ascent.Prior).Improve(parameters, 3);
        parameters = parameters.With(NbWeights.Posterior(structure.Options, _shape, statistics.N));
        state.Put(NbFitState.Current, parameters);
        (state[NbField.RoundOfStart], state[NbField.Quiet], state[NbField.RidgeStep]) = (0, 0, 0);
        (state[NbField.Elbo], state[NbField.PassElbo]) = (double.NegativeInfinity, double.NegativeInfinity);
        (state[NbField.RidgeWidth], state[NbField.RidgeRest], state[NbField.RidgePatience]) = (1, 0, RidgePatience);
        state[NbField.Proposal] = 0;
        state.Put(NbField.ModesSettled, false);
        (state[NbField.History], state[NbField.Rest]) = (0, 0);
        return NbAnswer.GoesOn;
    }

    private NbAnswer Fitted(StateSet<NbField> state, NbStatistics statistics)
    {
        state[NbField.Round]++;
        state[NbField.RoundOfStart]++;
        var parameters = state.Parameters(NbFitState.Current);
        var evidence = Evidence(state, statistics, Histogram(state, statistics));
        var ascent = new NbAscent(structure, cubature);
        var system = ascent.Evaluate(parameters, evidence);
        var usedLogs = NbWeights.Logs(_shape, parameters.Concentration);
        double Elbo(NbParameters at, NbSystem of) => statistics[NbSum.CellTerm] + of.Total +
            NbWeights.Term(structure.Options, _shape, at.Concentration, statistics.N, usedLogs);
        var passElbo = Elbo(parameters, system);

        // Written so that a bound that is not a number is refused too.
        if (state.Is(NbField.Proposal) && !(passElbo >= state[NbField.Elbo]))
        {
            return Refuse(state);
        }

        var isStatic = structure.Options.Capture == NbCapture.None && _shape.Components == 1;
        var (next, after) = ascent.Improve(parameters, system, evidence, isStatic ? StaticSteps : _shape.ByEntry ? 2 : RoundSteps,
            0.1 * Tolerance);
        if (TriesModes(state))
        {
            (next, after, var changed) = new NbModes(structure).Try(next, after, evidence, ascent);
            state.Put(NbField.ModesSettled, changed == 0);
        }

        var scaled = new NbScaleStep(structure, ascent.Prior).Improve(next, ScaleSteps).With(
            NbWeights.Posterior(structure.Options, _shape, statistics.N));

        // Scales change the prior's term alone.
        var elbo = Elbo(scaled, after) + ascent.PriorTotal(scaled) - ascent.PriorTotal(next);
        next = scaled;
        state[NbField.Gain] = elbo - double.Max(state[NbField.Elbo], -1e300);
        (state[NbField.Elbo], state[NbField.PassElbo]) = (elbo, passElbo);
        state.Put(NbFitState.Current, next);
        var isHeld = statistics[NbSum.Held] > 0;
        if (isHeld)
        {
            // One cell's wild step must not stretch the interval: it widens by half at most, and again if that was not enough.
            var depth = -state[NbField.Low];
            SetDepth(state, double.Clamp(statistics[NbExtreme.NeededDepth] + 1, depth + 1, (1.5 * depth) + 1));
        }
        else if (structure.Options.Capture != NbCapture.None && state.Whole(NbField.RoundOfStart) == RoundOfModes)
        {
            // The first interval was wide, to hold any start.
            SetDepth(state, double.Min(-state[NbField.Low], (1.2 * statistics[NbExtreme.Depth]) + 0.3));
        }

        if (NbDrops.IsTrying(state))
        {
            return (NbDrops.HasEnded(state) ? Ends(state) : null) ?? NbAnswer.GoesOn;
        }

        state[NbField.Quiet] = state[NbField.Gain] < Tolerance && !isHeld ? state[NbField.Quiet] + 1 : 0;
        return Ends(state) ?? Propose(state, ascent, parameters, next, statistics);
    }

    // Once early, and whenever the fit would end.
    private bool TriesModes(StateSet<NbField> state) => NbModes.Has(structure.Options) && !state.Is(NbField.EndEarly) &&
        (state.Whole(NbField.RoundOfStart) == RoundOfModes || (state[NbField.Quiet] >= 1 && !state.Is(NbField.ModesSettled)));

    private NbAnswer Refuse(StateSet<NbField> state)
    {
        state.Put(NbFitState.Current, state.Parameters(NbFitState.Kept));
        state[NbField.RidgeStep] = -state[NbField.RidgeStep];
        state[NbField.Refused]++;
        if (state[NbField.Proposal] == Extrapolated)
        {
            (state[NbField.History], state[NbField.Rest]) = (0, RestAfterRefusal);
        }
        else
        {
            (state[NbField.RidgeRest], state[NbField.RidgePatience]) = (state[NbField.RidgePatience], 2 * state[NbField.RidgePatience]);
        }

        state[NbField.Proposal] = 0;
        return Ends(state) ?? NbAnswer.GoesOn;
    }

    private NbAnswer? Ends(StateSet<NbField> state)
    {
        var isQuiet = state[NbField.Quiet] >= 2;
        if (_shape.Components > 1 && !state.Is(NbField.IsLast))
        {
            if (!isQuiet && state[NbField.RoundOfStart] < RoundsOfStart && !state.Is(NbField.EndEarly))
            {
                return null;
            }

            return EndStart(state);
        }

        if (!state.Is(NbField.EndEarly))
        {
            if (!isQuiet)
            {
                return null;
            }

            if (_drops.Begin(state))
            {
                return NbAnswer.GoesOn;
            }
        }

        state.Put(NbField.Converged, isQuiet);
        return NbAnswer.Settles;
    }

    // A start has had its rounds: the next one's, or the best goes on.
    private NbAnswer EndStart(StateSet<NbField> state)
    {
        if (state[NbField.Elbo] > state[NbField.BestElbo])
        {
            state[NbField.BestElbo] = state[NbField.Elbo];
            state.Put(NbFitState.Best, state.Parameters(NbFitState.Current));
        }

        state[NbField.Start]++;
        state[NbField.Proposal] = 0;
        state[NbField.RidgeStep] = 0;
        if (state[NbField.Start] < structure.Options.Starts && !state.Is(NbField.EndEarly))
        {
            _groups.Begin(state);
            return NbAnswer.Restarts;
        }

        // The ELBO that was reached is that of the best start's parameters with its cells': the next pass comes to it again.
        state.Put(NbFitState.Current, state.Parameters(NbFitState.Best));
        state.Put(NbField.IsLast, true);
        (state[NbField.Elbo], state[NbField.Quiet], state[NbField.History]) = (double.NegativeInfinity, 0, 0);
        return NbAnswer.GoesOn;
    }

    private NbAnswer Propose(
        StateSet<NbField> state, NbAscent ascent, NbParameters from, NbParameters parameters, NbStatistics statistics)
    {
        var proposal = parameters;
        state[NbField.Proposal] = 0;
        state[NbField.RidgeStep] = 0;
        if (structure.Options.Capture != NbCapture.None)
        {
            var width = state[NbField.RidgeWidth];
            var ridge = new NbRidge(structure, ascent);
            var (step, gain) = ridge.Best(parameters, NbRidge.Grid(width), statistics.Ridge);
            state[NbField.RidgeRest] = double.Max(0, state[NbField.RidgeRest] - 1);
            if (gain > 0.1 * Tolerance && state[NbField.RidgeRest] == 0)
            {
                proposal = ridge.Move(parameters, step);
                state[NbField.Proposal] = AlongRidge;
                state[NbField.RidgeStep] = step;
            }

            state[NbField.RidgeWidth] = double.Abs(step) > 0.9 * width ? double.Min(2 * width, 3)
                : double.Clamp(3 * double.Abs(step), 0.02, 1);
        }

        state[NbField.Rest] = double.Max(0, state[NbField.Rest] - 1);
        if (state[NbField.RoundOfStart] >= FirstExtrapolation && state[NbField.Rest] == 0)
        {
            NbExtrapolation.Add(state, from, proposal);
            if (new NbExtrapolation(structure).Propose(state, proposal) is { } extrapolated)
            {
                proposal = extrapolated;
                state[NbField.Proposal] = Extrapolated;
            }
        }

        if (state.Is(NbField.Proposal))
        {
            state.Put(NbFitState.Kept, parameters);
            state.Put(NbFitState.Current, proposal);
        }

        return NbAnswer.GoesOn;
    }

    private static NbAnswer Finished(StateSet<NbField> state, NbStatistics statistics)
    {
        state[NbField.LogLikelihood] = statistics[NbSum.LogLikelihood];
        return NbAnswer.GoesOn;
    }
}
