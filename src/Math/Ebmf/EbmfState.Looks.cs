namespace FitCluster.Math.Ebmf;

/// <summary>What says how factors are looked for, and looked for again.</summary>
internal sealed partial class EbmfState
{
    /// <summary>Second looks that were taken, the one under way included.</summary>
    public int Looks { get => _scalars.Whole(EbmfField.Looks); set => _scalars[EbmfField.Looks] = value; }

    /// <summary>The factors that the look under way may find, fixed ones not counted: as many as the best fit has.</summary>
    public int LookFactors { get => _scalars.Whole(EbmfField.LookFactors); set => _scalars[EbmfField.LookFactors] = value; }

    /// <summary>Whether the look under way is at all factors, from a singular value decomposition.</summary>
    public bool Restarts { get => _scalars.Is(EbmfField.Restarts); set => _scalars.Put(EbmfField.Restarts, value); }

    /// <summary>Looks in a row that came to nothing.</summary>
    public int Refused { get => _scalars.Whole(EbmfField.Refused); set => _scalars[EbmfField.Refused] = value; }

    /// <summary>The ELBO of <see cref="Best"/>.</summary>
    public double BestElbo { get => _scalars[EbmfField.BestElbo]; set => _scalars[EbmfField.BestElbo] = value; }

    /// <summary>Whether the shards are to keep a copy of their accepted state, before the coming round.</summary>
    public bool Saves { get => _scalars.Is(EbmfField.Saves); set => _scalars.Put(EbmfField.Saves, value); }

    /// <summary>Whether the shards are to go back to that copy, before the coming round.</summary>
    public bool GoesBack { get => _scalars.Is(EbmfField.GoesBack); set => _scalars.Put(EbmfField.GoesBack, value); }

    /// <summary>Whether variances of the data differ so much that few groups hold most of it (<see cref="StartWeights"/>).</summary>
    public bool IsUneven { get => _scalars.Is(EbmfField.IsUneven); set => _scalars.Put(EbmfField.IsUneven, value); }

    /// <summary>Whether the look under way brings all factors in together.</summary>
    public bool LooksAtBlock { get => _scalars.Is(EbmfField.LooksAtBlock); set => _scalars.Put(EbmfField.LooksAtBlock, value); }

    /// <summary>Whether the look under way finds all factors anew, each from what the others leave.</summary>
    public bool LooksOneByOne { get => _scalars.Is(EbmfField.LooksOneByOne); set => _scalars.Put(EbmfField.LooksOneByOne, value); }

    /// <summary>Whether the starts of factors are looked for in residuals that are weighted (<see cref="StartWeights"/>).</summary>
    public bool StartsAreWeighted
    {
        get => _scalars.Is(EbmfField.StartsAreWeighted);
        set => _scalars.Put(EbmfField.StartsAreWeighted, value);
    }

    /// <summary>Whether the factor on trial was already looked for in the other way.</summary>
    public bool HasTriedBoth { get => _scalars.Is(EbmfField.HasTriedBoth); set => _scalars.Put(EbmfField.HasTriedBoth, value); }

    /// <summary>Whether factors that came in together came to nothing, so that they are looked for one by one after all.</summary>
    public bool FallsBack { get => _scalars.Is(EbmfField.FallsBack); set => _scalars.Put(EbmfField.FallsBack, value); }

    /// <summary>
    /// Back to the best fit, here and (before the next round) on the shards. What counts looks, sweeps and limits goes on.
    /// </summary>
    public void GoBack()
    {
        var best = Read(Best!);
        (best.TotalSweeps, best.EndedEarly, best.ElboStage, best.ElboFactor) = (TotalSweeps, EndedEarly, ElboStage, ElboFactor);
        (best.Looks, best.Refused, best.BestElbo) = (Looks, Refused, BestElbo);
        (best.Step, best.Stage, best.GoesBack, best.HasNewElbo) = (Step, Stage, true, false);
        _scalars = best._scalars;
        (Factors, Keep, Promoted, PromotesNoise) = (best.Factors, best.Keep, [], false);
        (Iterating, Active, Updated) = (best.Iterating, best.Active, best.Updated);
        (Noise, ProposedNoise, SearchBest, SearchNoise) = (best.Noise, best.ProposedNoise, best.SearchBest, best.SearchNoise);
        (Gram, GramByColumn, NoiseLimits) = (best.Gram, best.GramByColumn, best.NoiseLimits);
        (ProposedGram, ProposedGramByColumn) = (best.ProposedGram, best.ProposedGramByColumn);
        (Subspace, Starts, Untried, PriorValues) = ([], [], [], []);
    }
}
