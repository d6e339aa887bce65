using System.Numerics.Tensors;
using FitCluster.Math.Models;
using FitCluster.Math.Svi;
using FitCluster.Messages;

namespace FitCluster.Math.NegativeBinomial;

/// <summary>The coordinator's side of the reference optimizer.</summary>
internal sealed class NbReferenceUpdate(NbOptions options, NbReferenceProblem problem)
{
    /// <summary>Steps in a row that are not finite, after which the fit has failed.</summary>
    public const int MostSkipped = 1000;

    // Early stopping of the reference: averages of the last 100 losses, looked at each 100 steps from 5,000 on; 500 without a gain of 1.
    private const int Window = 100;
    private const int WarmUp = 5000;
    private const int Patience = 500;
    private const double LeastGain = 1;

    private const double TableTolerance = 1e-14;
    private readonly NbShape _shape = problem.Shape;

    private bool HasCapture => options.Capture != NbCapture.None;

    private bool IsWhole => options.BatchSize == 0 || options.BatchSize >= options.Cells;

    // With one component and all cells in each step the histogram never changes: shards need not look entries up.
    private bool IsHistogramStatic => IsWhole && _shape.Components == 1 && !_shape.ByEntry;

    /// <summary>The state before the first round.</summary>
    public StateSet<NbReferenceField> Initial()
    {
        var state = NbReferenceKeys.Format.New();
        state[NbReferenceKeys.Parameters] = problem.InitialParameters();
        state[NbReferenceKeys.M] = new double[problem.ParameterLength];
        state[NbReferenceKeys.V] = new double[problem.ParameterLength];
        state[NbReferenceKeys.Losses] = new double[Window];
        state[NbReferenceField.BestLoss] = double.PositiveInfinity;

        // Where draws of the start may go: t up to 6 of the prior.
        state[NbReferenceField.Low] = options.Capture switch
        {
            NbCapture.None => 0,
            NbCapture.Anchored => -options.LogCaptureTotal - (6 * options.CaptureSd) - 1,
            _ => options.Parametrization == NbParametrization.MeanOdds && options.Link == NbLink.Softplus ? -3 : -7,
        };
        return state;
    }

    /// <summary>What is broadcast.</summary>
    public ArraySet Broadcast(StateSet<NbReferenceField> state, NbReferenceDrawKind kind)
    {
        var phase = (NbReferencePhase)state.Whole(NbReferenceField.Phase);
        var basis = Basis(state);
        if (phase == NbReferencePhase.Describe)
        {
            return NbTables.New(_shape, NbPassKind.Describe, basis, null, false).Arrays;
        }

        var layout = Layout(state);
        if (phase == NbReferencePhase.Histogram)
        {
            return NbTables.New(_shape, NbPassKind.Histogram, basis, layout, false).Arrays;
        }

        var isStep = phase == NbReferencePhase.Step;
        var hasBase = !_shape.ByEntry && (_shape.Components > 1 || !isStep);
        var tables = NbTables.New(_shape, NbPassKind.Pass, basis, isStep && IsHistogramStatic ? null : layout, hasBase);
        var draw = Draw(state, isStep ? kind : NbReferenceDrawKind.Zero);
        problem.LogWeights(draw, tables.LogWeights);
        NbPointTables.Fill(tables, problem.Point(draw));
        var step = new double[Enum.GetValues<NbStepField>().Length];
        step[(int)NbStepField.Step] = state[NbReferenceField.Step];
        step[(int)NbStepField.IsAccepted] = state[NbReferenceField.IsAccepted];
        step[(int)NbStepField.AppliedSteps] = state[NbReferenceField.AppliedSteps];
        step[(int)NbStepField.IsBest] = state[NbReferenceField.IsBest];
        step[(int)NbStepField.IsRestored] = !isStep && IsRestored(state) ? 1 : 0;
        step[(int)NbStepField.IsStep] = isStep ? 1 : 0;
        step[(int)NbStepField.IsZero] = kind == NbReferenceDrawKind.Zero ? 1 : 0;
        return tables.Arrays.Set(NbReferenceKeys.Step, step);
    }

    /// <summary>The state after a round; the state given is changed.</summary>
    public StateSet<NbReferenceField> Next(StateSet<NbReferenceField> state, ArraySet partial, NbReferenceDrawKind kind)
    {
        switch ((NbReferencePhase)state.Whole(NbReferenceField.Phase))
        {
            case NbReferencePhase.Describe:
                var description = new NbDescription(partial);
                if (description.Extremes[(int)NbDataExtreme.IsInvalid] != 0)
                {
                    throw new InvalidOperationException(
                        "the data have values that are not counts (negative, missing, or not whole numbers)");
                }

                state[NbReferenceKeys.Bits] = [.. description.MostCount.Select(CountLayout.BitsOf)];
                state[NbReferenceKeys.Present] = [];
                state[NbReferenceField.Phase] = (double)NbReferencePhase.Histogram;
                return state;
            case NbReferencePhase.Histogram:
                Reduce(state, partial.Get(NbKeys.H));
                state[NbReferenceField.Phase] = (double)NbReferencePhase.Step;
                return state;
            case NbReferencePhase.Step:
                Step(state, new NbStatistics(partial), kind);
                return state;
            default:
                state[NbReferenceField.IsAccepted] = 0;
                state[NbReferenceField.Phase] = (double)NbReferencePhase.Done;
                return state;
        }
    }

    /// <summary>One-draw bound and its derivatives in the guides' parameters, from a partial.</summary>
    public (double Bound, double[] Gradient) Bound(StateSet<NbReferenceField> state, NbStatistics statistics, NbReferenceDrawKind kind)
    {
        var draw = Draw(state, kind);
        var parameters = state[NbReferenceKeys.Parameters];
        var histogram = statistics.HasHistogram ? statistics.H : state[NbReferenceKeys.Histogram];
        var gradient = new NbPointGradient(_shape, Basis(state), Layout(state), problem.Point(draw), statistics, histogram);
        var scale = options.Cells / statistics[NbSum.Cells];
        var byParameter = new double[parameters.Length];
        var bound = (scale * (statistics[NbSum.LogLikelihood] + statistics[NbSum.PriorTerm] +
            (_shape.Components == 1 ? gradient.Base : 0))) -
            problem.Divergence(draw, parameters, byParameter);
        problem.Backward(draw, gradient, statistics.N, scale);
        draw.ToParameters(byParameter);
        return (bound, byParameter);
    }

    /// <summary>Goes over to the last round.</summary>
    public void End(StateSet<NbReferenceField> state)
    {
        state[NbReferenceField.Phase] = (double)NbReferencePhase.Finish;
        if (IsRestored(state))
        {
            // The best state is that of the shards too, which take the steps since then back at the same time.
            state[NbReferenceKeys.Parameters] = state[NbReferenceKeys.Best];
        }
    }

    private bool IsRestored(StateSet<NbReferenceField> state) => options.RestoreBest && state.Has(NbReferenceKeys.Best);

    private NbReferenceDraw Draw(StateSet<NbReferenceField> state, NbReferenceDrawKind kind) =>
        new(problem.Sites, state[NbReferenceKeys.Parameters], options.Seed, (long)state[NbReferenceField.Step], kind);

    private Chebyshev Basis(StateSet<NbReferenceField> state)
    {
        var low = state[NbReferenceField.Low];
        return HasCapture ? new Chebyshev(Chebyshev.CountFor(low, TableTolerance), low) : new Chebyshev(1, 0);
    }

    private static CountLayout Layout(StateSet<NbReferenceField> state) => new(state[NbReferenceKeys.Bits], state[NbReferenceKeys.Present]);

    private void Reduce(StateSet<NbReferenceField> state, double[] histogram)
    {
        var full = Layout(state);
        var reduced = full.Occurring(histogram);
        state[NbReferenceKeys.Present] = reduced.Present;
        var kept = new double[_shape.Datasets * reduced.Entries];
        for (var i = 0; i < kept.Length; i++)
        {
            var e = i % reduced.Entries;
            kept[i] = histogram[(i / reduced.Entries * full.Entries) + (reduced.Present.Length > 0 ? (int)reduced.Present[e] : e)];
        }

        state[NbReferenceKeys.Histogram] = kept;
    }

    private void Step(StateSet<NbReferenceField> state, NbStatistics statistics, NbReferenceDrawKind kind)
    {
        var (bound, gradient) = Bound(state, statistics, kind);
        var isFinite = double.IsFinite(bound) && double.IsFinite(TensorPrimitives.Sum<double>(gradient));
        state[NbReferenceField.Step]++;
        state.Put(NbReferenceField.IsAccepted, isFinite);
        state.Put(NbReferenceField.IsBest, false);
        if (isFinite)
        {
            Take(state, gradient);
            state[NbReferenceField.Skipped] = 0;
            state[NbReferenceField.LastBound] = bound;
            if (HasCapture)
            {
                Widen(state, statistics[NbExtreme.Depth]);
            }
        }
        else
        {
            state[NbReferenceField.Skipped]++;
            state.Put(NbReferenceField.HasFailed, state[NbReferenceField.Skipped] >= MostSkipped);
        }

        var losses = state[NbReferenceKeys.Losses].ToArray();
        var step = (int)state[NbReferenceField.Step];
        losses[step % Window] = -state[NbReferenceField.LastBound];
        state[NbReferenceKeys.Losses] = losses;
        Look(state, step, TensorPrimitives.Sum<double>(losses) / Window);
        if (step >= options.Steps || state.Is(NbReferenceField.IsConverged))
        {
            End(state);
        }
    }

    private void Take(StateSet<NbReferenceField> state, double[] gradient)
    {
        state[NbReferenceField.AppliedSteps]++;
        var length = gradient.Length;
        var (parameters, m, v) = (new double[length], new double[length], new double[length]);
        TensorPrimitives.Negate(gradient, gradient);
        new Adam(options.LearningRate, 0, 1, state[NbReferenceField.AppliedSteps]).Apply(
            state[NbReferenceKeys.Parameters], state[NbReferenceKeys.M], state[NbReferenceKeys.V], gradient, parameters, m, v);
        (state[NbReferenceKeys.Parameters], state[NbReferenceKeys.M], state[NbReferenceKeys.V]) = (parameters, m, v);
    }

    // Next draws stay inside tables that go half as deep again as the deepest one so far.
    private static void Widen(StateSet<NbReferenceField> state, double depth)
    {
        if ((1.25 * depth) + 0.5 > -state[NbReferenceField.Low])
        {
            state[NbReferenceField.Low] = -(1.5 * depth) - 1;
        }
    }

    private void Look(StateSet<NbReferenceField> state, int step, double average)
    {
        if (step % Window != 0 || !(options.EarlyStopping || options.RestoreBest) || (options.EarlyStopping && step < WarmUp))
        {
            return;
        }

        if (average < state[NbReferenceField.BestLoss] - (options.EarlyStopping ? LeastGain : 0))
        {
            (state[NbReferenceField.BestLoss], state[NbReferenceField.BestStep]) = (average, step);
            state[NbReferenceKeys.Best] = state[NbReferenceKeys.Parameters];
            state.Put(NbReferenceField.IsBest, true);
        }
        else if (options.EarlyStopping)
        {
            state.Put(NbReferenceField.IsConverged, step - state[NbReferenceField.BestStep] >= Patience);
        }
    }
}
