using FitCluster.Messages;

namespace FitCluster.Math.TwinEb;

/// <summary>
/// The coordinator's state of a reference fit: scalars, and columns and both priors with Adam's moments, at the best epoch, and in the best restart.
/// A view of an <see cref="ArraySet"/>: scalars are copied, arrays shared and replaced, never written to.
/// </summary>
internal sealed class ReferenceState
{
    /// <summary>Columns [2, D, L], free parameters of the rows' prior, and of the columns' prior: the three learnt parts.</summary>
    public static readonly string[] Parts = ["columns", "rowPrior", "columnPrior"];

    private readonly double[] _scalars;

    private ReferenceState(double[] scalars) => _scalars = scalars;

    /// <summary>The parameters, by part.</summary>
    public double[][] Parameters { get; private set; } = [[], [], []];

    /// <summary>Adam's first moments, by part.</summary>
    public double[][] First { get; private set; } = [[], [], []];

    /// <summary>Adam's second moments, by part.</summary>
    public double[][] Second { get; private set; } = [[], [], []];

    /// <summary>The parameters of the best epoch, by part.</summary>
    public double[][] Best { get; private set; } = [[], [], []];

    /// <summary>The parameters of the best restart, by part.</summary>
    public double[][] Kept { get; private set; } = [[], [], []];

    /// <summary>The ranks of shards' first training rows, first held-out rows: see <see cref="ReferenceSlots"/>.</summary>
    public double[] Slots { get; set; } = [];

    /// <summary>The validation score of the kept restart (<see cref="HeldOutScore.ToArray"/>); empty without validation cells.</summary>
    public double[] Validation { get; set; } = [];

    /// <summary>The test score; empty before it is there.</summary>
    public double[] Test { get; set; } = [];

    /// <summary>The validation log-likelihood (or minus the lowest loss) of each restart so far.</summary>
    public double[] Scores { get; set; } = [];

    /// <summary>A scalar.</summary>
    public double this[ReferenceField field]
    {
        get => _scalars[(int)field];
        set => _scalars[(int)field] = value;
    }

    public ReferencePhase Phase
    {
        get => (ReferencePhase)(int)this[ReferenceField.Phase];
        set => this[ReferenceField.Phase] = (int)value;
    }

    /// <summary>The state before the first round.</summary>
    public static ReferenceState Initial()
    {
        var state = new ReferenceState(new double[(int)ReferenceField.Length])
        {
            [ReferenceField.KeptScore] = double.NegativeInfinity,
            [ReferenceField.KeptRestart] = -1,
            [ReferenceField.Converged] = 1,
        };
        return state;
    }

    /// <summary>Reads a state.</summary>
    public static ReferenceState Read(ArraySet set)
    {
        double[][] Of(string suffix) => [.. Parts.Select(p => set[p + suffix])];

        // A state of before a scalar was thought of has none of it: 0.
        var scalars = new double[(int)ReferenceField.Length];
        set["scalars"].CopyTo(scalars, 0);
        return new ReferenceState(scalars)
        {
            Parameters = Of(""),
            First = Of("First"),
            Second = Of("Second"),
            Best = Of("Best"),
            Kept = Of("Kept"),
            Slots = set["slots"],
            Validation = set["validation"],
            Test = set["test"],
            Scores = set["scores"],
        };
    }

    /// <summary>The state as arrays.</summary>
    public ArraySet Write()
    {
        var set = new ArraySet().Set("scalars", _scalars);
        foreach (var (suffix, arrays) in new[] { ("", Parameters), ("First", First), ("Second", Second), ("Best", Best), ("Kept", Kept) })
        {
            for (var part = 0; part < Parts.Length; part++)
            {
                set.Set(Parts[part] + suffix, arrays[part]);
            }
        }

        return set.Set("slots", Slots).Set("validation", Validation).Set("test", Test).Set("scores", Scores);
    }

    /// <summary>What shards are told: scalars, parameters, and with local steps the moments too.</summary>
    public ArraySet Broadcast(bool withMoments)
    {
        var set = new ArraySet().Set("scalars", (double[])_scalars.Clone());
        for (var part = 0; part < Parts.Length; part++)
        {
            set.Set(Parts[part], Parameters[part]);
            if (withMoments)
            {
                set.Set(Parts[part] + "First", First[part]).Set(Parts[part] + "Second", Second[part]);
            }
        }

        if (this[ReferenceField.Locate] != 0)
        {
            set.Set("slots", Slots);
        }

        return set;
    }

    /// <summary>Takes new parameters, with moments of zero.</summary>
    public void Begin(double[][] parameters)
    {
        Parameters = parameters;
        First = [.. parameters.Select(p => new double[p.Length])];
        Second = [.. parameters.Select(p => new double[p.Length])];
        this[ReferenceField.AdamStep] = 0;
    }

    /// <summary>Replaces parameters and moments after a step.</summary>
    public void Replace(double[][] parameters, double[][] first, double[][] second) => (Parameters, First, Second) = (parameters, first, second);

    /// <summary>The parameters are the best so far.</summary>
    public void SaveBest() => Best = Parameters;

    /// <summary>The parameters are those of the best restart so far.</summary>
    public void Keep() => Kept = Parameters;
}
