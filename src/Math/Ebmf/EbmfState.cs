using FitCluster.Messages;

namespace FitCluster.Math.Ebmf;

/// <summary>What follows when an evaluation is complete.</summary>
internal enum EvaluationPurpose
{
    /// <summary>The proposal is judged.</summary>
    Judge = 0,

    /// <summary>The model without factors is done; the first stage begins.</summary>
    NullModel = 1,

    /// <summary>A factor was dropped; the next stage begins.</summary>
    AfterDrop = 2,

    /// <summary>The factor left out is kept or removed.</summary>
    Nullcheck = 3,

    /// <summary>The variance that goes with given starting factors is known; the first sweep begins.</summary>
    Start = 4,
}

/// <summary>
/// The coordinator's whole state between two rounds: what <c>global</c> is for EBMF. Written to and read from an
/// <see cref="ArraySet"/> at every round, so that nothing can be forgotten in a checkpoint.
/// </summary>
internal sealed class EbmfState
{
    // The scalars, by their places in one array.
    private readonly double[] _scalars = new double[40];

    public EbmfStep Step { get => (EbmfStep)(int)_scalars[0]; set => _scalars[0] = (int)value; }

    public EbmfStage Stage { get => (EbmfStage)(int)_scalars[1]; set => _scalars[1] = (int)value; }

    /// <summary>Completed rounds.</summary>
    public double Rounds { get => _scalars[2]; set => _scalars[2] = value; }

    /// <summary>Sweeps in this stage (for greedy: of this factor), counting rejected ones.</summary>
    public int Sweeps { get => (int)_scalars[3]; set => _scalars[3] = value; }

    /// <summary>The ELBO of the accepted state; NaN while there is none.</summary>
    public double Elbo { get => _scalars[4]; set => _scalars[4] = value; }

    /// <summary>The ELBO before the factor on trial was added.</summary>
    public double ElboBefore { get => _scalars[5]; set => _scalars[5] = value; }

    /// <summary>The extrapolation factor of the next proposal.</summary>
    public double Beta { get => _scalars[6]; set => _scalars[6] = value; }

    /// <summary>Whether the pending sweep is a proposal (extrapolated, Newton priors) and not a plain one.</summary>
    public bool IsProposal { get => _scalars[7] != 0; set => _scalars[7] = value ? 1 : 0; }

    /// <summary>Whether the last proposal was refused, so that the next sweep is plain.</summary>
    public bool MustBePlain { get => _scalars[8] != 0; set => _scalars[8] = value ? 1 : 0; }

    /// <summary>Whether the shards are to make their proposals their accepted state, before the coming round.</summary>
    public bool Promote { get => _scalars[9] != 0; set => _scalars[9] = value ? 1 : 0; }

    /// <summary>Whether the shards' row variances under proposal are to be accepted with them.</summary>
    public bool PromoteNoise { get => _scalars[10] != 0; set => _scalars[10] = value ? 1 : 0; }

    /// <summary>Passes of the running inner procedure (subspace, power, prior, search).</summary>
    public int Passes { get => (int)_scalars[11]; set => _scalars[11] = value; }

    /// <summary>Greedy factors that were accepted.</summary>
    public int GreedyAccepted { get => (int)_scalars[12]; set => _scalars[12] = value; }

    /// <summary>In the nullcheck: the factor that is being left out.</summary>
    public int Candidate { get => (int)_scalars[13]; set => _scalars[13] = value; }

    /// <summary>Whether some stage met its limit of sweeps.</summary>
    public bool HitLimit { get => _scalars[14] != 0; set => _scalars[14] = value ? 1 : 0; }

    /// <summary>Whether the fit was told to end early.</summary>
    public bool EndedEarly { get => _scalars[15] != 0; set => _scalars[15] = value ? 1 : 0; }

    /// <summary>Sum of u_i (or entry) log-weights: sum over observed entries of log of the row's or entry's part of tau.</summary>
    public double SumLogWeight { get => _scalars[16]; set => _scalars[16] = value; }

    /// <summary>The inner procedure's last value (Ritz value, change of a vector, objective).</summary>
    public double InnerValue { get => _scalars[17]; set => _scalars[17] = value; }

    /// <summary>The ELBO's part that is not KL, as the last evaluation or sums have it.</summary>
    public double ProposedDataTerm { get => _scalars[19]; set => _scalars[19] = value; }

    /// <summary>Times a backfit was run again after the nullcheck.</summary>
    public int Repeats { get => (int)_scalars[20]; set => _scalars[20] = value; }

    /// <summary>Whether this round yielded a new ELBO.</summary>
    public bool HasNewElbo { get => _scalars[21] != 0; set => _scalars[21] = value ? 1 : 0; }

    /// <summary>1 + the index of the first factor whose loadings start from the given ones, before the coming round; else 0.</summary>
    public int Adopt { get => (int)_scalars[22]; set => _scalars[22] = value; }

    /// <summary>Whether the ELBO of this state may be compared with (false right after given starts).</summary>
    public bool ElboIsValid { get => _scalars[24] != 0; set => _scalars[24] = value ? 1 : 0; }

    /// <summary>Sweeps over the whole fit.</summary>
    public int TotalSweeps { get => (int)_scalars[25]; set => _scalars[25] = value; }

    /// <summary>The estimated total variance sum over observed entries of 1 / tau, for the proportion of variance explained.</summary>
    public double TotalVariance { get => _scalars[26]; set => _scalars[26] = value; }

    /// <summary>The same of the proposal.</summary>
    public double ProposedTotalVariance { get => _scalars[27]; set => _scalars[27] = value; }

    /// <summary>What a running evaluation is for.</summary>
    public EvaluationPurpose Purpose { get => (EvaluationPurpose)(int)_scalars[28]; set => _scalars[28] = (int)value; }

    /// <summary>Sum of the known variances S^2 over observed entries (noise by entry).</summary>
    public double SumKnownVariance { get => _scalars[29]; set => _scalars[29] = value; }

    /// <summary>The gain of the last accepted sweep, and of the first one of this stage: for the progress.</summary>
    public double LastGain { get => _scalars[30]; set => _scalars[30] = value; }

    /// <summary>See <see cref="LastGain"/>.</summary>
    public double FirstGain { get => _scalars[31]; set => _scalars[31] = value; }

    /// <summary>The stage that the newest ELBO belongs to.</summary>
    public EbmfStage ElboStage { get => (EbmfStage)(int)_scalars[32]; set => _scalars[32] = (int)value; }

    /// <summary>The greedy factor, or the candidate, that the newest ELBO belongs to.</summary>
    public int ElboFactor { get => (int)_scalars[33]; set => _scalars[33] = value; }

    public List<EbmfFactor> Factors { get; private set; } = [];

    /// <summary>The factors that the running procedure is about.</summary>
    public int[] Iterating { get; set; } = [];

    /// <summary>Those of them that the coming round updates: all at once in a blocked sweep, one after the other in a sequential one.</summary>
    public int[] Active { get; set; } = [];

    /// <summary>In a sequential sweep: those that have their proposals already.</summary>
    public int[] Updated { get; set; } = [];

    /// <summary>The factors whose proposals the shards hold (what a promotion is about).</summary>
    public int[] Pending { get; set; } = [];

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

    /// <summary>Log-likelihoods of the best loadings priors so far, one for each active factor.</summary>
    public double[] PriorValues { get; set; } = [];

    public int K => Factors.Count;

    public ArraySet Write()
    {
        var to = new ArraySet();
        to.Set("scalars", (double[])_scalars.Clone());
        to.Set("counts", [K, Keep is null ? 0 : 1]);
        to.Set("iterating", ToDoubles(Iterating));
        to.Set("active", ToDoubles(Active));
        to.Set("updated", ToDoubles(Updated));
        to.Set("pending", ToDoubles(Pending));
        to.Set("keep", ToDoubles(Keep ?? []));
        foreach (var (name, values) in Arrays())
        {
            to.Set(name, values);
        }

        for (var k = 0; k < K; k++)
        {
            Factors[k].Write(to, k);
        }

        return to;
    }

    public static EbmfState Read(ArraySet from)
    {
        var state = new EbmfState();
        from["scalars"].CopyTo(state._scalars, 0);
        state.Iterating = ToInts(from["iterating"]);
        state.Active = ToInts(from["active"]);
        state.Updated = ToInts(from["updated"]);
        state.Pending = ToInts(from["pending"]);
        state.Keep = from["counts"][1] != 0 ? ToInts(from["keep"]) : null;
        state.Noise = from["noise"];
        state.ProposedNoise = from["proposedNoise"];
        state.SearchBest = from["searchBest"];
        state.SearchNoise = from["searchNoise"];
        state.ColumnCounts = from["columnCounts"];
        state.ColumnSquares = from["columnSquares"];
        state.Gram = from["gram"];
        state.GramByColumn = from["gramByColumn"];
        state.ProposedGram = from["proposedGram"];
        state.ProposedGramByColumn = from["proposedGramByColumn"];
        state.Subspace = from["subspace"];
        state.Starts = from["starts"];
        state.PriorValues = from["priorValues"];
        var k = (int)from["counts"][0];
        state.Factors = [.. Enumerable.Range(0, k).Select(i => EbmfFactor.Read(from, i))];
        return state;
    }

    private IEnumerable<(string Name, double[] Values)> Arrays() =>
    [
        ("noise", Noise), ("proposedNoise", ProposedNoise), ("searchBest", SearchBest), ("searchNoise", SearchNoise),
        ("columnCounts", ColumnCounts), ("columnSquares", ColumnSquares), ("gram", Gram), ("gramByColumn", GramByColumn),
        ("proposedGram", ProposedGram), ("proposedGramByColumn", ProposedGramByColumn), ("subspace", Subspace), ("starts", Starts), ("priorValues", PriorValues),
    ];

    private static double[] ToDoubles(int[] values) => [.. values.Select(v => (double)v)];

    internal static int[] ToInts(double[] values) => [.. values.Select(v => (int)v)];
}
