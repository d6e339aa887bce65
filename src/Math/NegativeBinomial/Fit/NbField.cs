namespace FitCluster.Math.NegativeBinomial;

/// <summary>Scalars of the coordinator's state.</summary>
internal enum NbField
{
    /// <summary>A <see cref="NbPhase"/>.</summary>
    Phase,

    /// <summary>Rounds of the fit, all starts together.</summary>
    Round,

    /// <summary>Rounds of this start.</summary>
    RoundOfStart,

    /// <summary>The start, from 0.</summary>
    Start,

    /// <summary>The choice of cells that groups begin with, from 0.</summary>
    GroupChoice,

    /// <summary>Rounds of the groups since that choice.</summary>
    GroupRound,

    /// <summary>The greatest value that groups of this start came to.</summary>
    BestGroupScore,

    /// <summary>Starts are over: the best one goes on.</summary>
    IsLast,

    /// <summary>Components that the fit has tried to do without, or is trying to.</summary>
    Dropped,

    /// <summary>Rounds left of such a try; 0: there is none.</summary>
    DropRounds,

    /// <summary>The ELBO of what is kept: with the statistics of the last accepted pass.</summary>
    Elbo,

    /// <summary>The ELBO of the last accepted pass before the genes' steps.</summary>
    PassElbo,

    /// <summary>The gain of the round before.</summary>
    Gain,

    /// <summary>The best start's ELBO.</summary>
    BestElbo,

    /// <summary>J.</summary>
    Count,

    /// <summary>The lower end of xi.</summary>
    Low,

    /// <summary>log of the total that a cell with capture 1 would have, for the start.</summary>
    StartLogTotal,

    /// <summary>Half the width of the grid along the flat direction.</summary>
    RidgeWidth,

    /// <summary>log k of the step that the coming pass takes.</summary>
    RidgeStep,

    /// <summary>0, or what is broadcast is a proposal (1: along the flat direction, 2: extrapolated): if its ELBO is lower, what is kept
    /// goes on.</summary>
    Proposal,

    /// <summary>Proposals that were taken back.</summary>
    Refused,

    /// <summary>Rounds before extrapolation is tried again.</summary>
    Rest,

    /// <summary>Rounds before the flat direction is tried again.</summary>
    RidgeRest,

    /// <summary>How many those are after the next step that is taken back.</summary>
    RidgePatience,

    /// <summary>Rounds in the history that extrapolation goes by.</summary>
    History,

    /// <summary>Whether genes have tried their gates' other mode and none was better.</summary>
    ModesSettled,

    /// <summary>Rounds in a row whose gain was below the tolerance.</summary>
    Quiet,

    /// <summary>Whether the fit is to end early.</summary>
    EndEarly,

    /// <summary>Whether the tolerance was reached.</summary>
    Converged,

    /// <summary>1: the data are no counts; 2: there are none.</summary>
    Failure,

    /// <summary>E over cells of log-likelihood, of the last pass.</summary>
    LogLikelihood,
}
