using FitCluster.Math.Ebnm;

namespace FitCluster.Math.Ebmf;

/// <summary>
/// A second look, where sides with a sign or on a grid give the ELBO many optima: all factors are found anew from a singular value
/// decomposition of the data, or one of them from what the others leave, and what comes of it replaces the best fit so far where its ELBO
/// is higher (docs/ebmf.md, "Second looks").
/// </summary>
internal static class LookStep
{
    // Looks in a row that come to nothing, before the fit is taken for what it is; and the most in all.
    private const int MostRefused = 3;
    private const int MostLooks = 24;

    // A gain of this share of the ELBO is worth another look.
    private const double WorthwhileShare = 1e-6;

    // A look is hopeless where so many sweeps with the gain of the last, after the first ones, would not lift it to the best.
    private const int FewestSweeps = 8;
    private const int HopelessSweeps = 30;

    // Sweeps in which the other factors make up for the one that is taken out, before what they leave is looked at.
    private const int SweepsWithout = 10;

    /// <summary>Judges the look that is over, and begins the next one, if there is one.</summary>
    public static EbmfAnswer Begin(EbmfProblem problem, EbmfState state)
    {
        if (state.Best is not null)
        {
            Judge(state);
        }

        else if (LacksFactors(problem, state))
        {
            // What came in together came to nothing: one by one, factors may still be found.
            EbmfFactors.Drop(problem, state, k => state.Factors[k].IsZero && !state.Factors[k].IsFixed);
            (state.FallsBack, state.GreedyAccepted, state.Repeats) = (true, state.Factors.Count(f => !f.IsFixed), 0);
            (state.Iterating, state.Active, state.Updated) = ([], [], []);
            return EbmfAnswer.Begun;
        }

        var isRugged = IsRugged(state);
        var next = !IsWanted(problem, state) ? -1 : isRugged ? Next(state) : 0;
        if (next < 0)
        {
            state.Best = null;
            return EbmfAnswer.Ended;
        }

        if (state.Best is null)
        {
            (state.Best, state.BestElbo, state.Saves) = (state.Write(), state.Elbo, true);
            state.Looked = [];
        }

        // The first look is at all factors.
        state.Restarts = isRugged && state.Looks == 0;
        state.LookFactors = state.Factors.Count(f => !f.IsFixed);
        if (!isRugged)
        {
            // The other way to begin, with as many factors as it finds.
            state.LooksAtBlock = !FixedStep.StartsWithBlock(problem, state);
            (state.LooksOneByOne, state.LookFactors, state.HitLimit) = (!state.LooksAtBlock, problem.Options.MaxFactors, false);
        }

        state.Looks++;
        (state.Repeats, state.Sweeps, state.Starts, state.Subspace, state.Untried) = (0, 0, [], [], []);
        if (isRugged && !state.Restarts)
        {
            state.Looked = [.. state.Looked, next];
            EbmfFactors.Drop(problem, state, k => k == next);
            return EbmfAnswer.Resumes;
        }

        state.GreedyAccepted = 0;
        EbmfFactors.Drop(problem, state, k => !state.Factors[k].IsFixed);
        (state.Iterating, state.Active, state.Updated) = ([], [], []);
        if (NoiseStep.OfAccepted(problem, state) == EbmfAnswer.NeedsResiduals)
        {
            return EbmfAnswer.NeedsResiduals;
        }

        NoiseStep.Accept(problem, state);
        state.Elbo = state.ProposedDataTerm + EbmfFactors.KullbackLeiblerSum(state);
        return state.LooksAtBlock ? EbmfAnswer.AllTogether : EbmfAnswer.Begun;
    }

    /// <summary>Whether a look that is under way need not go on with these sweeps.</summary>
    public static bool IsEnough(EbmfState state) => state.Best is not null && state.Stage switch
    {
        EbmfStage.Resume => state.Sweeps >= SweepsWithout && !state.LooksAtBlock,
        EbmfStage.Backfit => state.Sweeps >= FewestSweeps && state.LastGain > 0
            && state.Elbo + (HopelessSweeps * state.LastGain) < state.BestElbo,
        _ => false,
    };

    private static void Judge(EbmfState state)
    {
        // What hardly gains anything counts as nothing, so that looks end.
        var gain = state.Elbo - state.BestElbo;
        state.Refused = gain > WorthwhileShare * double.Abs(state.BestElbo) ? 0 : state.Refused + 1;
        (state.LooksAtBlock, state.LooksOneByOne) = (false, false);
        if (gain > 0)
        {
            state.Best = null;
            return;
        }

        state.GoBack();
    }

    // Whether a fit whose factors did not all begin from what the others leave has none; or has fewer singular vectors than it began with
    // where a sign was forced on them, by which most of a vector may be clamped.
    private static bool LacksFactors(EbmfProblem problem, EbmfState state)
    {
        var (options, left) = (problem.Options, state.Factors.Count(f => !f.IsFixed && !f.IsZero));
        var isForced = options is { Init: EbmfInit.Svd, Greedy: false } && StartStep.HasSign(problem, state.K);
        return left < (isForced ? options.MaxFactors : int.Min(1, options.MaxFactors))
            && (!options.Greedy || options.Init is EbmfInit.Svd or EbmfInit.Given) && !state.FallsBack && !state.EndedEarly;
    }

    private static bool IsWanted(EbmfProblem problem, EbmfState state) =>
        problem.Options is { Greedy: true, Backfit: true, Nullcheck: true, Init: not (EbmfInit.Svd or EbmfInit.Given) }
        && !state.EndedEarly && state.Refused < MostRefused && state.Looks < MostLooks
        && (IsRugged(state)
            ? !state.HitLimit && state.Factors.Count(f => !f.IsFixed) > 1
            : IsUneven(problem, state) && state.Looks == 0);

    private static bool IsRugged(EbmfState state) =>
        state.Factors.Any(f => !f.IsFixed && (IsRugged(f.LoadingsFamily) || IsRugged(f.FactorsFamily)));

    // Whether priors must hold for values of many orders: beside what other factors have not explained yet, those of the small groups look
    // like nothing, and which of them a factor has is a matter of whether the others are there already.
    private static bool IsUneven(EbmfProblem problem, EbmfState state) =>
        state.IsUneven && problem.AdmitsBlock && !problem.IsByColumn(state) && problem.Options.Init != EbmfInit.Fit;

    private static bool IsRugged(PriorFamily family) =>
        EbnmFamilies.Get(family).Traits is { Sign: not 0 } or { NeedsFullFits: true };

    // The least of the factors that were not looked at since the best fit is the best; -1 where there is none.
    private static int Next(EbmfState state)
    {
        var looked = state.Best is null ? [] : state.Looked;
        return Enumerable.Range(0, state.K).Where(k => !state.Factors[k].IsFixed && !looked.Contains(k))
            .OrderBy(k => state.Factors[k].Explained).ThenBy(k => k)
            .FirstOrDefault(-1);
    }
}
