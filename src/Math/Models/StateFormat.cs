using FitCluster.Messages;

namespace FitCluster.Math.Models;

/// <summary>
/// The form of a state in a checkpoint: a name, and a number that grows whenever a scalar or an array is added, removed or takes another
/// meaning. It is written into every state, so that a state of another form is refused by name and never misread.
/// </summary>
/// <param name="name">What the state is of, as in "ebmf": letters, digits, '-' and '.'.</param>
/// <param name="number">The number of the form, 1 or more.</param>
public abstract class StateFormat(string name, int number)
{
    private const string Prefix = "format ";

    /// <summary>What the state is of.</summary>
    public string Name => name;

    /// <summary>The number of the form that this program reads and writes.</summary>
    public int Number => number;

    /// <summary>Checks that a set of arrays is a state of this form.</summary>
    /// <exception cref="StateFormatException">It is of an older or a newer form, or of something else.</exception>
    public void Check(ArraySet set)
    {
        var found = set.FirstOrDefault(array => array.Name.StartsWith(Prefix, StringComparison.Ordinal));
        if (found is null)
        {
            throw new StateFormatException(
                $"the checkpoint's state of {name} is of an older form, before forms had numbers, and this program reads form {number}");
        }

        if (found.Name != Prefix + name)
        {
            throw new StateFormatException(
                $"the checkpoint has a state of '{found.Name[Prefix.Length..]}' where one of '{name}' was expected");
        }

        if (found.Values is not [var form] || form != number)
        {
            var which = found.Values is [var other] ? FormattableString.Invariant($"form {other}") : "an unknown form";
            throw new StateFormatException($"the checkpoint's state of {name} is of {which}, and this program reads form {number}");
        }

        CheckScalars(set);
    }

    /// <summary>Checks the scalars of a set that is of this form by name and number.</summary>
    protected abstract void CheckScalars(ArraySet set);

    /// <summary>Writes the form's name and number.</summary>
    private protected void Mark(ArraySet set) => set.Set(Prefix + name, number);
}

/// <summary>The form of a state whose scalars are the values of an enum, numbered from 0 without gaps.</summary>
/// <typeparam name="TField">The scalars.</typeparam>
public sealed class StateFormat<TField> : StateFormat
    where TField : struct, Enum
{
    internal const string Scalars = "scalars";

    private readonly int _count = Enum.GetValues<TField>().Length;

    /// <param name="name">What the state is of, as in "ebmf".</param>
    /// <param name="number">The number of the form, 1 or more.</param>
    public StateFormat(string name, int number)
        : base(name, number)
    {
        // Scalars are kept by the enum's numbers: a gap or an alias would be a scalar that is none.
        if (Enum.GetUnderlyingType(typeof(TField)) != typeof(int) ||
            !Enum.GetValues<TField>().Select(f => (int)(object)f).SequenceEqual(Enumerable.Range(0, _count)))
        {
            throw new ArgumentException(
                $"{typeof(TField).Name} must be an enum of int whose values are 0, 1, ... without gaps", nameof(name));
        }
    }

    /// <summary>A new state: all scalars 0, no arrays.</summary>
    public StateSet<TField> New() => Renew(new ArraySet());

    /// <summary>Makes a set of arrays, whatever is in it, a new state: for a shard whose arrays are all written anew.</summary>
    public StateSet<TField> Renew(ArraySet set)
    {
        set.Clear();
        Mark(set);
        return new StateSet<TField>(set.Set(Scalars, new double[_count]));
    }

    /// <summary>The state in a set of arrays, which it changes in place: for a shard, which owns its state.</summary>
    /// <exception cref="StateFormatException">The set is not of this form.</exception>
    public StateSet<TField> View(ArraySet set)
    {
        Check(set);
        return new StateSet<TField>(set);
    }

    /// <summary>
    /// A state that begins as the one in a set of arrays and leaves that as it is: scalars are copied, arrays are
    /// shared, and replaced but never written to.
    /// </summary>
    /// <exception cref="StateFormatException">The set is not of this form.</exception>
    public StateSet<TField> Next(ArraySet set)
    {
        Check(set);
        var copy = new ArraySet();
        foreach (var array in set)
        {
            copy.Set(array.Name == Scalars ? array.Clone() : array);
        }

        return new StateSet<TField>(copy);
    }

    /// <summary>A state with the same scalars, copied, and no arrays: for a typed view that holds the arrays itself.</summary>
    /// <exception cref="StateFormatException">The set is not of this form.</exception>
    public StateSet<TField> ScalarsOf(ArraySet set)
    {
        Check(set);
        var state = New();
        set[Scalars].CopyTo(state.Arrays[Scalars], 0);
        return state;
    }

    /// <inheritdoc/>
    protected override void CheckScalars(ArraySet set)
    {
        if (!set.Contains(Scalars) || set[Scalars].Length != _count)
        {
            throw new StateFormatException(
                $"the checkpoint's state of {Name} does not have the {_count} scalars of form {Number}: it is damaged");
        }
    }
}
