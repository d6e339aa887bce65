using FitCluster.Math.Ebnm;
using FitCluster.Messages;

namespace FitCluster.Math.Ebmf;

/// <summary>
/// The coordinator's side of a fit: what to ask of the shards next, and what to make of their answers. This file has the
/// stages and the scheduling of steps; the others of this class have one step each.
/// </summary>
internal sealed partial class EbmfUpdate(EbmfOptions options, EbmfNoise noise, EbmfState state)
{
    private readonly double _tolerance = EbmfModel.ToleranceOf(options);
    private readonly EbnmOptions _ebnm = new() { NullWeight = 1 };

    public EbmfState State => state;

    private int Columns => options.Columns;

    /// <summary>Whether some entry of the whole matrix is missing or weighted on its own.</summary>
    private bool ByColumn => noise.ByEntry || TotalCount < options.Rows * (double)options.Columns;

    private double TotalCount { get; set; } = state.ColumnCounts.Sum();

    /// <summary>One update: from the answers to the step that was pending to the next step.</summary>
    public void Apply(ArraySet partial)
    {
        // The shards did what was asked of them before the round.
        (state.Promote, state.PromoteNoise, state.Keep, state.Adopt) = (false, false, null, 0);
        state.Pending = [];
        state.HasNewElbo = false;
        (state.ElboStage, state.ElboFactor) = (state.Stage, state.Stage == EbmfStage.Greedy ? state.GreedyAccepted : state.Candidate);
        state.Rounds++;
        switch (state.Step)
        {
            case EbmfStep.Describe:
                AfterDescribe(partial);
                break;
            case EbmfStep.Subspace:
                AfterSubspace(partial);
                break;
            case EbmfStep.Power:
                AfterPower(partial);
                break;
            case EbmfStep.Project:
                AfterProject(partial);
                break;
            case EbmfStep.Prepare:
                AfterPrepare(partial);
                break;
            case EbmfStep.Prior:
                AfterPrior(partial);
                break;
            case EbmfStep.Sweep:
                AfterSweep(partial);
                break;
            case EbmfStep.Evaluate:
                AfterEvaluate(partial);
                break;
            default:
                break;
        }
    }

    private void BeginStages()
    {
        state.ElboBefore = state.Elbo;
        if (options.FixedFactorCount > 0)
        {
            BeginFixed(0);
        }
        else
        {
            BeginFree();
        }
    }

    private void BeginFixed(int index)
    {
        state.Stage = EbmfStage.Fixed;
        state.Candidate = index;
        if (index == options.FixedFactorCount || state.EndedEarly)
        {
            BeginFree();
            return;
        }

        var mean = new double[Columns];
        for (var j = 0; options.FixedFactors.Length > 0 && j < Columns; j++)
        {
            var value = options.FixedFactors[(j * options.FixedFactorCount) + index];
            mean[j] = double.IsNaN(value) ? 0 : value;
        }

        AddFactor(mean, index);
        BeginIteration([state.K - 1], prepare: true);
    }

    // The stage after fixed factors.
    private void BeginFree()
    {
        if (options.Greedy)
        {
            if (options.Init == EbmfInit.Svd && options.MaxFactors > 0 && !state.EndedEarly)
            {
                state.Stage = EbmfStage.Greedy;
                BeginSubspace(options.MaxFactors);
                return;
            }

            BeginGreedy();
            return;
        }

        if (state.EndedEarly || options.MaxFactors == 0 || (options.Init == EbmfInit.Given && options.InitialFactorCount == 0))
        {
            BeginBackfit();
        }
        else if (options.Init == EbmfInit.Given)
        {
            for (var k = 0; k < options.InitialFactorCount; k++)
            {
                AddFactor(InitialFactor(k), -1);
            }

            state.Adopt = 1 + options.FixedFactorCount;
            BeginWithFactors();
        }
        else
        {
            state.Stage = EbmfStage.Backfit;
            BeginSubspace(options.MaxFactors);
        }
    }

    // Factors are in from the beginning: the variance that is left beside them comes first, for with the one of the model without
    // factors they would look like noise.
    private void BeginWithFactors()
    {
        state.Stage = EbmfStage.Backfit;
        (state.Iterating, state.Active) = ([], []);
        state.Purpose = EvaluationPurpose.Start;
        BeginEvaluation();
    }

    private void BeginGreedy()
    {
        state.Stage = EbmfStage.Greedy;
        var limit = options.Init == EbmfInit.Given ? int.Min(options.MaxFactors, options.InitialFactorCount) : options.MaxFactors;
        if (state.EndedEarly || state.GreedyAccepted >= limit)
        {
            BeginBackfit();
        }
        else if (options.Init == EbmfInit.Given)
        {
            BeginCandidate(InitialFactor(state.GreedyAccepted));
        }
        else if (options.Init == EbmfInit.Svd)
        {
            BeginPowerOrCandidate([.. state.Starts.AsSpan(state.GreedyAccepted * Columns, Columns)]);
        }
        else
        {
            BeginSubspace(SubspaceWidth);
        }
    }

    private void BeginCandidate(double[] start)
    {
        AddFactor(start, -1);
        state.ElboBefore = state.Elbo;
        BeginIteration([state.K - 1], prepare: true);
    }

    private void BeginBackfit()
    {
        state.Starts = [];
        state.Subspace = [];
        if (!options.Backfit || state.K == 0 || state.EndedEarly)
        {
            BeginNullcheck();
            return;
        }

        state.Stage = EbmfStage.Backfit;
        var valid = state.ElboIsValid;
        BeginIteration(All(), prepare: false);
        state.ElboIsValid = valid || state.GreedyAccepted > 0;
    }

    private void BeginFinal()
    {
        state.Stage = EbmfStage.Final;
        Drop(k => state.Factors[k].IsZero && state.Factors[k].FixedIndex < 0);
        state.Iterating = All();
        if (state.K == 0)
        {
            // One more round, in which the shards do nothing but forget the last factor that was tried.
            state.Active = [];
            state.Step = EbmfStep.Prior;
            return;
        }

        state.Sweeps = 0;
        ScheduleSweep(isProposal: false);
    }

    // Starts the repeated sweeps of some factors.
    private void BeginIteration(int[] active, bool prepare)
    {
        (state.Iterating, state.Active) = (active, active);
        state.Sweeps = 0;
        state.Passes = 0;
        state.Beta = FirstBeta;
        state.MustBePlain = false;
        state.FirstGain = 0;
        state.LastGain = 0;
        foreach (var k in active)
        {
            state.Factors[k].PreviousMean = null;
            state.Factors[k].PreviousSecond = null;
        }

        state.ElboIsValid &= !prepare;
        if (prepare && !active.Any(HasGrid))
        {
            state.IsProposal = false;
            state.Updated = [];
            state.Step = EbmfStep.Prepare;
        }
        else
        {
            ScheduleSweep(isProposal: false);
        }
    }

    private void ScheduleSweep(bool isProposal)
    {
        state.IsProposal = isProposal;
        state.TotalSweeps++;
        state.Updated = [];
        state.Active = IsSequential ? [state.Iterating[0]] : state.Iterating;
        BeginActive();
    }

    // The update of the active factors: with the priors that the sweep before suggests; a prior on a grid is first fitted in full.
    private void BeginActive()
    {
        state.Step = state.Active.Any(HasGrid) ? EbmfStep.Prepare : EbmfStep.Sweep;
        state.Passes = 0;
        foreach (var k in state.Active)
        {
            var factor = state.Factors[k];
            factor.LoadingsPrior = (state.IsProposal ? factor.LoadingsPriorNewton : factor.LoadingsPriorEm) ?? factor.LoadingsPrior;
        }
    }

    // Sides with a sign have many local optima, and the blocked order (all of L, then all of F) ends in worse ones than the sequential
    // order l_1 f_1 l_2 f_2 ... does: measured on sim_a pe/pn, -44153.9 against -44117.4. Weights on a grid move too slowly by one step a
    // sweep, and a full fit of a prior needs its own factor's pseudo-data. It costs a pass over the data (two with a grid) for each factor.
    private bool IsSequential => state.Stage is EbmfStage.Backfit or EbmfStage.Final && state.Iterating.Any(k =>
        HasGrid(k) || EbnmFamilies.Get(state.Factors[k].LoadingsFamily).Sign != 0 || EbnmFamilies.Get(state.Factors[k].FactorsFamily).Sign != 0);

    private bool HasGrid(int k) => IsGrid(state.Factors[k].LoadingsFamily);

    // The normal scale mixture's few components do well with one Newton step a sweep.
    private static bool IsGrid(PriorFamily family) => family is PriorFamily.Unimodal or PriorFamily.UnimodalSymmetric
        or PriorFamily.UnimodalNonnegative or PriorFamily.UnimodalNonpositive or PriorFamily.Npmle;

    private void AddFactor(double[] mean, int fixedIndex)
    {
        var index = state.K;
        state.Factors.Add(new EbmfFactor
        {
            Mean = mean,
            Second = [.. mean.Select(m => m * m)],
            FixedIndex = fixedIndex,
            LoadingsFamily = options.LoadingsPrior[int.Min(index, options.LoadingsPrior.Count - 1)],
            FactorsFamily = options.FactorsPrior[int.Min(index, options.FactorsPrior.Count - 1)],
        });
        GrowSums();
    }

    /// <summary>Takes factors out, here and (before the next round) on the shards.</summary>
    private void Drop(Func<int, bool> drop)
    {
        var keep = All().Where(k => !drop(k)).ToArray();
        if (keep.Length == state.K)
        {
            return;
        }

        KeepSums(keep);
        state.Keep = state.Keep is null ? keep : [.. keep.Select(k => state.Keep[k])];
        var kept = keep.Select(k => state.Factors[k]).ToArray();
        state.Factors.Clear();
        state.Factors.AddRange(kept);
    }

    private double[] InitialFactor(int k) =>
        [.. Enumerable.Range(0, Columns).Select(j => options.InitialFactors[(j * options.InitialFactorCount) + k])];

    private int[] All() => [.. Enumerable.Range(0, state.K)];
}
