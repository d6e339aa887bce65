using FitCluster.Math.Models;
using FitCluster.Messages;

namespace FitCluster.Math.TwinEb;

/// <summary>
/// The coordinator's state of a reference fit: scalars, and columns and both priors with Adam's moments, at the best epoch, and in the best
/// restart. A view of a <see cref="StateSet{TField}"/>: scalars are copied before they change, arrays shared and replaced, never written
/// to.
/// </summary>
internal sealed class ReferenceState
{
    /// <summary>The form.</summary>
    public static readonly StateFormat<ReferenceField> Format = new("twineb-reference", 2);

    private readonly StateSet<ReferenceField> _set;

    private ReferenceState(StateSet<ReferenceField> set) => _set = set;

    /// <summary>The parameters, by part.</summary>
    public double[][] Parameters
    {
        get => Of(ReferenceKeys.Parts);
        private set => Put(ReferenceKeys.Parts, value);
    }

    /// <summary>Adam's first moments, by part.</summary>
    public double[][] First
    {
        get => Of(ReferenceKeys.First);
        private set => Put(ReferenceKeys.First, value);
    }

    /// <summary>Adam's second moments, by part.</summary>
    public double[][] Second
    {
        get => Of(ReferenceKeys.Second);
        private set => Put(ReferenceKeys.Second, value);
    }

    /// <summary>The parameters of the best epoch, by part.</summary>
    public double[][] Best => Of(ReferenceKeys.Best);

    /// <summary>The parameters of the best restart, by part.</summary>
    public double[][] Kept => Of(ReferenceKeys.Kept);

    /// <summary>The ranks of shards' first training rows, first held-out rows: see <see cref="ReferenceSlots"/>.</summary>
    public double[] Slots
    {
        get => _set[ReferenceKeys.Slots];
        set => _set[ReferenceKeys.Slots] = value;
    }

    /// <summary>The validation score of the kept restart (<see cref="HeldOutScore.ToArray"/>); empty without validation cells.</summary>
    public double[] Validation
    {
        get => _set[ReferenceKeys.Validation];
        set => _set[ReferenceKeys.Validation] = value;
    }

    /// <summary>The test score; empty before it is there.</summary>
    public double[] Test
    {
        get => _set[ReferenceKeys.Test];
        set => _set[ReferenceKeys.Test] = value;
    }

    /// <summary>The validation log-likelihood (or minus the lowest loss) of each restart so far.</summary>
    public double[] Scores
    {
        get => _set[ReferenceKeys.Scores];
        set => _set[ReferenceKeys.Scores] = value;
    }

    /// <summary>A scalar.</summary>
    public double this[ReferenceField field]
    {
        get => _set[field];
        set => _set[field] = value;
    }

    public ReferencePhase Phase
    {
        get => (ReferencePhase)(int)this[ReferenceField.Phase];
        set => this[ReferenceField.Phase] = (int)value;
    }

    /// <summary>The state as it travels and is saved; not a copy.</summary>
    public ArraySet Arrays => _set.Arrays;

    /// <summary>The state before the first round.</summary>
    /// <param name="goesOn">Whether the first restart starts from a finished fit.</param>
    public static ReferenceState Initial(bool goesOn)
    {
        var state = new ReferenceState(Format.New())
        {
            [ReferenceField.KeptScore] = double.NegativeInfinity,
            [ReferenceField.KeptRestart] = -1,
            [ReferenceField.Converged] = 1,
            [ReferenceField.GoesOn] = goesOn ? 1 : 0,
        };
        StateKey[] empty =
        [
            .. ReferenceKeys.Parts, .. ReferenceKeys.First, .. ReferenceKeys.Second, .. ReferenceKeys.Best, .. ReferenceKeys.Kept,
            ReferenceKeys.Slots, ReferenceKeys.Validation, ReferenceKeys.Test, ReferenceKeys.Scores,
        ];
        foreach (var key in empty)
        {
            state._set[key] = [];
        }

        return state;
    }

    /// <summary>A state that is looked at.</summary>
    /// <exception cref="StateFormatException">It is of another form.</exception>
    public static ReferenceState View(ArraySet set) => new(Format.View(set));

    /// <summary>A state that begins as another and leaves that as it is.</summary>
    /// <exception cref="StateFormatException">It is of another form.</exception>
    public static ReferenceState Next(ArraySet set) => new(Format.Next(set));

    /// <summary>What shards are told: scalars, parameters, and with local steps the moments too.</summary>
    public ArraySet Broadcast(bool withMoments)
    {
        var set = new ArraySet().Set(ReferenceKeys.Orders, [.. Arrays.Get(ReferenceKeys.Orders)]);
        StateKey[] keys = [.. ReferenceKeys.Parts, .. withMoments ? [.. ReferenceKeys.First, .. ReferenceKeys.Second] : (StateKey[])[]];
        foreach (var key in keys)
        {
            set.Set(key, _set[key]);
        }

        return this[ReferenceField.Locate] != 0 ? set.Set(ReferenceKeys.Slots, Slots) : set;
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
    public void Replace(double[][] parameters, double[][] first, double[][] second) =>
        (Parameters, First, Second) = (parameters, first, second);

    /// <summary>The parameters are the best so far.</summary>
    public void SaveBest() => Put(ReferenceKeys.Best, Parameters);

    /// <summary>The parameters are those of the best restart so far.</summary>
    public void Keep() => Put(ReferenceKeys.Kept, Parameters);

    private double[][] Of(StateKey[] keys) => [.. keys.Select(key => _set[key])];

    private void Put(StateKey[] keys, double[][] arrays)
    {
        for (var part = 0; part < keys.Length; part++)
        {
            _set[keys[part]] = arrays[part];
        }
    }
}
