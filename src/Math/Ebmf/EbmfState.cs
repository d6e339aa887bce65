using FitCluster.Math.Models;
using FitCluster.Messages;

namespace FitCluster.Math.Ebmf;

/// <summary>
/// The coordinator's whole state between two rounds: what <c>global</c> is for EBMF. Written to and read from an
/// <see cref="ArraySet"/> at every round, so that nothing can be forgotten in a checkpoint.
/// </summary>
internal sealed partial class EbmfState
{
    /// <summary>The form of this state in checkpoints.</summary>
    public static readonly StateFormat<EbmfField> Format = new("ebmf", 4);

    private const string BestScope = "best.";

    private StateSet<EbmfField> _scalars;

    private EbmfState(StateSet<EbmfField> scalars) => _scalars = scalars;

    public EbmfStep Step { get => (EbmfStep)_scalars.Whole(EbmfField.Step); set => _scalars[EbmfField.Step] = (int)value; }

    public EbmfStage Stage { get => (EbmfStage)_scalars.Whole(EbmfField.Stage); set => _scalars[EbmfField.Stage] = (int)value; }

    /// <summary>Sweeps in this stage (for greedy: of this factor), counting rejected ones.</summary>
    public int Sweeps { get => _scalars.Whole(EbmfField.Sweeps); set => _scalars[EbmfField.Sweeps] = value; }

    /// <summary>The ELBO of the accepted state; NaN while there is none.</summary>
    public double Elbo { get => _scalars[EbmfField.Elbo]; set => _scalars[EbmfField.Elbo] = value; }

    /// <summary>The ELBO before the factor on trial was added.</summary>
    public double ElboBefore { get => _scalars[EbmfField.ElboBefore]; set => _scalars[EbmfField.ElboBefore] = value; }

    /// <summary>The extrapolation factor of the next proposal.</summary>
    public double Beta { get => _scalars[EbmfField.Beta]; set => _scalars[EbmfField.Beta] = value; }

    /// <summary>Whether the pending sweep is a proposal (extrapolated, Newton priors) and not a plain one.</summary>
    public bool IsProposal { get => _scalars.Is(EbmfField.IsProposal); set => _scalars.Put(EbmfField.IsProposal, value); }

    /// <summary>Whether the last proposal was refused, so that the next sweep is plain.</summary>
    public bool MustBePlain { get => _scalars.Is(EbmfField.MustBePlain); set => _scalars.Put(EbmfField.MustBePlain, value); }

    /// <summary>Whether the shards' row variances under proposal are to be accepted with them.</summary>
    public bool PromotesNoise { get => _scalars.Is(EbmfField.PromotesNoise); set => _scalars.Put(EbmfField.PromotesNoise, value); }

    /// <summary>Passes of the running inner procedure (subspace, power, prior, search).</summary>
    public int Passes { get => _scalars.Whole(EbmfField.Passes); set => _scalars[EbmfField.Passes] = value; }

    /// <summary>Greedy factors that were accepted.</summary>
    public int GreedyAccepted { get => _scalars.Whole(EbmfField.GreedyAccepted); set => _scalars[EbmfField.GreedyAccepted] = value; }

    /// <summary>The fixed factor that is being fitted; in the nullcheck, the factor that is being left out.</summary>
    public int Candidate { get => _scalars.Whole(EbmfField.Candidate); set => _scalars[EbmfField.Candidate] = value; }

    /// <summary>Whether some stage met its limit of sweeps.</summary>
    public bool HitLimit { get => _scalars.Is(EbmfField.HitLimit); set => _scalars.Put(EbmfField.HitLimit, value); }

    /// <summary>Whether the fit was told to end early.</summary>
    public bool EndedEarly { get => _scalars.Is(EbmfField.EndedEarly); set => _scalars.Put(EbmfField.EndedEarly, value); }

    /// <summary>The observed entries of the whole matrix; 0 until they are counted.</summary>
    public double Observed { get => _scalars[EbmfField.Observed]; set => _scalars[EbmfField.Observed] = value; }

    /// <summary>The power of two that all of this is measured in (<see cref="EbmfUnit"/>); 0 until the largest entry is known.</summary>
    public double Unit { get => _scalars[EbmfField.Unit]; set => _scalars[EbmfField.Unit] = value; }

    /// <summary>The mean square of the observed entries.</summary>
    public double MeanSquare { get => _scalars[EbmfField.MeanSquare]; set => _scalars[EbmfField.MeanSquare] = value; }

    /// <summary>The share of its own variance that a group's residual variance is kept above (<see cref="LeastVariance"/>).</summary>
    public double LeastShare { get => _scalars[EbmfField.LeastShare]; set => _scalars[EbmfField.LeastShare] = value; }

    /// <summary>The same as it follows from the variances under proposal.</summary>
    public double ProposedLeastShare
    {
        get => _scalars[EbmfField.ProposedLeastShare];
        set => _scalars[EbmfField.ProposedLeastShare] = value;
    }

    /// <summary>Sum of u_i (or entry) log-weights: sum over observed entries of log of the row's or entry's part of tau.</summary>
    public double SumLogWeight { get => _scalars[EbmfField.SumLogWeight]; set => _scalars[EbmfField.SumLogWeight] = value; }

    /// <summary>The inner procedure's last value (Ritz value, change of a vector, objective).</summary>
    public double InnerValue { get => _scalars[EbmfField.InnerValue]; set => _scalars[EbmfField.InnerValue] = value; }

    /// <summary>The ELBO's part that is not KL, as the last evaluation or sums have it.</summary>
    public double ProposedDataTerm { get => _scalars[EbmfField.ProposedDataTerm]; set => _scalars[EbmfField.ProposedDataTerm] = value; }

    /// <summary>Factors that this nullcheck has removed.</summary>
    public int Removed { get => _scalars.Whole(EbmfField.Removed); set => _scalars[EbmfField.Removed] = value; }

    /// <summary>Whether the coming round is one of a sweep, and not of the priors before the first one.</summary>
    public bool SweepIsUnderWay { get => _scalars.Is(EbmfField.SweepIsUnderWay); set => _scalars.Put(EbmfField.SweepIsUnderWay, value); }

    /// <summary>Times a backfit was run again after the nullcheck.</summary>
    public int Repeats { get => _scalars.Whole(EbmfField.Repeats); set => _scalars[EbmfField.Repeats] = value; }

    /// <summary>Whether this round yielded a new ELBO.</summary>
    public bool HasNewElbo { get => _scalars.Is(EbmfField.HasNewElbo); set => _scalars.Put(EbmfField.HasNewElbo, value); }

    /// <summary>Whether the loadings of new factors start, before the coming round, from the given ones; else from 0.</summary>
    public bool Adopts { get => _scalars.Is(EbmfField.Adopts); set => _scalars.Put(EbmfField.Adopts, value); }

    /// <summary>With <see cref="Adopts"/>: the factor whose loadings are the first of the given ones.</summary>
    public int FirstAdopted { get => _scalars.Whole(EbmfField.FirstAdopted); set => _scalars[EbmfField.FirstAdopted] = value; }

    /// <summary>Whether the ELBO of this state may be compared with (false right after given starts).</summary>
    public bool ElboIsValid { get => _scalars.Is(EbmfField.ElboIsValid); set => _scalars.Put(EbmfField.ElboIsValid, value); }

    /// <summary>Sweeps over the whole fit.</summary>
    public int TotalSweeps { get => _scalars.Whole(EbmfField.TotalSweeps); set => _scalars[EbmfField.TotalSweeps] = value; }

    /// <summary>The estimated total variance sum over observed entries of 1 / tau, for the proportion of variance explained.</summary>
    public double TotalVariance { get => _scalars[EbmfField.TotalVariance]; set => _scalars[EbmfField.TotalVariance] = value; }

    /// <summary>The same of the proposal.</summary>
    public double ProposedTotalVariance
    {
        get => _scalars[EbmfField.ProposedTotalVariance];
        set => _scalars[EbmfField.ProposedTotalVariance] = value;
    }

    /// <summary>Sum of the known variances S^2 over observed entries (known by row, or by entry).</summary>
    public double SumKnownVariance { get => _scalars[EbmfField.SumKnownVariance]; set => _scalars[EbmfField.SumKnownVariance] = value; }

    /// <summary>The gain of the last accepted sweep, and of the first one of this stage: for the progress.</summary>
    public double LastGain { get => _scalars[EbmfField.LastGain]; set => _scalars[EbmfField.LastGain] = value; }

    /// <summary>See <see cref="LastGain"/>.</summary>
    public double FirstGain { get => _scalars[EbmfField.FirstGain]; set => _scalars[EbmfField.FirstGain] = value; }

    /// <summary>The stage that the newest ELBO belongs to.</summary>
    public EbmfStage ElboStage { get => (EbmfStage)_scalars.Whole(EbmfField.ElboStage); set => _scalars[EbmfField.ElboStage] = (int)value; }

    /// <summary>The greedy factor, or the candidate, that the newest ELBO belongs to.</summary>
    public int ElboFactor { get => _scalars.Whole(EbmfField.ElboFactor); set => _scalars[EbmfField.ElboFactor] = value; }

    /// <summary>While a second look is under way: the state of the best fit so far, as it is written; else null.</summary>
    public ArraySet? Best { get; set; }

    /// <summary>The factors of the best fit that were looked at.</summary>
    public int[] Looked { get; set; } = [];

    public List<EbmfFactor> Factors { get; private set; } = [];

    /// <summary>The factors that the running procedure is about.</summary>
    public int[] Iterating { get; set; } = [];

    /// <summary>
    /// Those of them that the coming round updates: all at once in a blocked sweep, one after the other in a sequential one.
    /// </summary>
    public int[] Active { get; set; } = [];

    /// <summary>In a sequential sweep: those that have their proposals already.</summary>
    public int[] Updated { get; set; } = [];

    /// <summary>The factors whose proposals the shards are to make their accepted states, before the coming round.</summary>
    public int[] Promoted { get; set; } = [];

    /// <summary>Old indices of the factors that the shards are to keep, before the coming round; null: all.</summary>
    public int[]? Keep { get; set; }

    /// <summary>v_j (rank-one noise), the added variances sigma_j^2 (noise by entry), accepted.</summary>
    public double[] Noise { get; set; } = [];

    /// <summary>The same under proposal or search.</summary>
    public double[] ProposedNoise { get; set; } = [];

    /// <summary>Best objective so far of a search for the noise, one for each group.</summary>
    public double[] SearchBest { get; set; } = [];

    /// <summary>Where the search was at its best.</summary>
    public double[] SearchNoise { get; set; } = [];

    /// <summary>Observed entries of each column.</summary>
    public double[] ColumnCounts { get; set; } = [];

    /// <summary>Weighted sums of squares of each column.</summary>
    public double[] ColumnSquares { get; set; } = [];

    /// <summary>Sums of squares of each column about its mean.</summary>
    public double[] ColumnCentred { get; set; } = [];

    /// <summary>An entry far beyond all others, as <see cref="Ebmf.FarEntry"/> has it; empty where there is none.</summary>
    public double[] FarEntry { get; set; } = [];

    /// <summary>The largest precision that each column's estimate may have, as the last one heeded it; empty where there is none.</summary>
    public double[] NoiseLimits { get; set; } = [];

    /// <summary>L'L of the accepted state (weighted), K x K.</summary>
    public double[] Gram { get; set; } = [];

    /// <summary>With missing or entry weights: its part by column, columns x K x K; otherwise empty.</summary>
    public double[] GramByColumn { get; set; } = [];

    /// <summary>L'L as the sweep under way has it.</summary>
    public double[] ProposedGram { get; set; } = [];

    /// <summary>Its part by column.</summary>
    public double[] ProposedGramByColumn { get; set; } = [];

    /// <summary>The orthonormal block of a subspace iteration, vectors x columns.</summary>
    public double[] Subspace { get; set; } = [];

    /// <summary>Prepared starts of factors, vectors x columns.</summary>
    public double[] Starts { get; set; } = [];

    /// <summary>Starts that are tried should the factor on trial come to nothing, the best first, vectors x columns.</summary>
    public double[] Untried { get; set; } = [];

    /// <summary>Log-likelihoods of the best loadings priors so far, one for each active factor.</summary>
    public double[] PriorValues { get; set; } = [];

    public int K => Factors.Count;

    /// <summary>All factors, by their indices.</summary>
    public int[] AllFactors() => [.. Enumerable.Range(0, K)];

    /// <summary>The state before the first round.</summary>
    public static EbmfState New() => new(Format.New()) { Step = EbmfStep.Describe, Elbo = double.NegativeInfinity };

    /// <summary>The state as it travels and is saved; arrays are shared.</summary>
    public ArraySet Write()
    {
        var to = Format.ScalarsOf(_scalars.Arrays);
        to[EbmfField.Factors] = K;
        to.Put(EbmfField.Keeps, Keep is not null);
        to[EbmfKeys.Iterating] = ToDoubles(Iterating);
        to[EbmfKeys.Active] = ToDoubles(Active);
        to[EbmfKeys.Updated] = ToDoubles(Updated);
        to[EbmfKeys.Promoted] = ToDoubles(Promoted);
        to[EbmfKeys.Keep] = ToDoubles(Keep ?? []);
        to[EbmfKeys.Noise] = Noise;
        to[EbmfKeys.ProposedNoise] = ProposedNoise;
        to[EbmfKeys.SearchBest] = SearchBest;
        to[EbmfKeys.SearchNoise] = SearchNoise;
        to[EbmfKeys.ColumnCounts] = ColumnCounts;
        to[EbmfKeys.ColumnSquares] = ColumnSquares;
        to[EbmfKeys.ColumnCentred] = ColumnCentred;
        to[EbmfKeys.FarEntry] = FarEntry;
        to[EbmfKeys.NoiseLimits] = NoiseLimits;
        to[EbmfKeys.Gram] = Gram;
        to[EbmfKeys.GramByColumn] = GramByColumn;
        to[EbmfKeys.ProposedGram] = ProposedGram;
        to[EbmfKeys.ProposedGramByColumn] = ProposedGramByColumn;
        to[EbmfKeys.Subspace] = Subspace;
        to[EbmfKeys.Starts] = Starts;
        to[EbmfKeys.Untried] = Untried;
        to[EbmfKeys.Looked] = ToDoubles(Looked);
        to[EbmfKeys.PriorValues] = PriorValues;
        for (var k = 0; k < K; k++)
        {
            Factors[k].Write(to.Arrays, k);
        }

        foreach (var array in Best ?? [])
        {
            to.Arrays.Set(BestScope + array.Name, array.Values, array.Shape);
        }

        return to.Arrays;
    }

    /// <summary>The state in a set of arrays, which are shared and stay as they are.</summary>
    public static EbmfState Read(ArraySet from)
    {
        var scalars = Format.ScalarsOf(from);
        return new EbmfState(scalars)
        {
            Iterating = ToInts(from.Get(EbmfKeys.Iterating)),
            Active = ToInts(from.Get(EbmfKeys.Active)),
            Updated = ToInts(from.Get(EbmfKeys.Updated)),
            Promoted = ToInts(from.Get(EbmfKeys.Promoted)),
            Keep = scalars.Is(EbmfField.Keeps) ? ToInts(from.Get(EbmfKeys.Keep)) : null,
            Noise = from.Get(EbmfKeys.Noise),
            ProposedNoise = from.Get(EbmfKeys.ProposedNoise),
            SearchBest = from.Get(EbmfKeys.SearchBest),
            SearchNoise = from.Get(EbmfKeys.SearchNoise),
            ColumnCounts = from.Get(EbmfKeys.ColumnCounts),
            ColumnSquares = from.Get(EbmfKeys.ColumnSquares),
            ColumnCentred = from.Get(EbmfKeys.ColumnCentred),
            FarEntry = from.Get(EbmfKeys.FarEntry),
            NoiseLimits = from.Get(EbmfKeys.NoiseLimits),
            Gram = from.Get(EbmfKeys.Gram),
            GramByColumn = from.Get(EbmfKeys.GramByColumn),
            ProposedGram = from.Get(EbmfKeys.ProposedGram),
            ProposedGramByColumn = from.Get(EbmfKeys.ProposedGramByColumn),
            Subspace = from.Get(EbmfKeys.Subspace),
            Starts = from.Get(EbmfKeys.Starts),
            Untried = from.Get(EbmfKeys.Untried),
            Looked = ToInts(from.Get(EbmfKeys.Looked)),
            Best = BestOf(from),
            PriorValues = from.Get(EbmfKeys.PriorValues),
            Factors = [.. Enumerable.Range(0, scalars.Whole(EbmfField.Factors)).Select(k => EbmfFactor.Read(from, k))],
        };
    }

    private static ArraySet? BestOf(ArraySet from)
    {
        var best = new ArraySet();
        foreach (var array in from.Where(a => a.Name.StartsWith(BestScope, StringComparison.Ordinal)))
        {
            best.Set(array.Name[BestScope.Length..], array.Values, array.Shape);
        }

        return best.Count > 0 ? best : null;
    }

    internal static double[] ToDoubles(int[] values) => [.. values.Select(v => (double)v)];

    internal static int[] ToInts(double[] values) => [.. values.Select(v => (int)v)];
}
