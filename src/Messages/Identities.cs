namespace FitCluster.Messages;

/// <summary>The name of a job: 1 to 128 letters, digits, '.', '_' or '-', not starting with '.'.</summary>
public readonly record struct JobName
{
    private readonly string? _value;

    /// <summary>Checks and takes a name.</summary>
    /// <exception cref="ArgumentException">The name is empty, too long, or has a character that is not allowed.</exception>
    public JobName(string value)
    {
        if (!IsValid(value))
        {
            throw new ArgumentException(
                $"the job name '{value}' is not allowed: use 1 to 128 letters, digits, '.', '_' or '-', not starting with '.'",
                nameof(value));
        }

        _value = value;
    }

    /// <summary>The text of the name.</summary>
    public string Value => _value ?? "";

    /// <summary>Whether a text can be a job's name (and so a folder's: no separators, no "..").</summary>
    public static bool IsValid(string? value) =>
        value is { Length: >= 1 and <= 128 } && value[0] != '.' &&
        value.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '_' or '-');

    /// <inheritdoc/>
    public override string ToString() => Value;
}

/// <summary>The index of a shard (a block of rows), 0-based.</summary>
public readonly record struct ShardId(int Value)
{
    /// <inheritdoc/>
    public override string ToString() => Value.ToString(System.Globalization.CultureInfo.InvariantCulture);
}

/// <summary>A fencing number: each activation of a coordinator, and each reload of a lost shard, takes the next one.</summary>
public readonly record struct Attempt(long Value) : IComparable<Attempt>
{
    /// <inheritdoc/>
    public int CompareTo(Attempt other) => Value.CompareTo(other.Value);

    /// <summary>Older than.</summary>
    public static bool operator <(Attempt left, Attempt right) => left.Value < right.Value;

    /// <summary>Newer than.</summary>
    public static bool operator >(Attempt left, Attempt right) => left.Value > right.Value;

    /// <summary>Older than, or the same.</summary>
    public static bool operator <=(Attempt left, Attempt right) => left.Value <= right.Value;

    /// <summary>Newer than, or the same.</summary>
    public static bool operator >=(Attempt left, Attempt right) => left.Value >= right.Value;

    /// <inheritdoc/>
    public override string ToString() => Value.ToString(System.Globalization.CultureInfo.InvariantCulture);
}

/// <summary>The number of a round: one broadcast, one answer of every shard, one update. Round 0 is the state before the first.</summary>
public readonly record struct Round(long Value) : IComparable<Round>
{
    /// <summary>The round after this one.</summary>
    public Round Next => new(Value + 1);

    /// <inheritdoc/>
    public int CompareTo(Round other) => Value.CompareTo(other.Value);

    /// <summary>Earlier than.</summary>
    public static bool operator <(Round left, Round right) => left.Value < right.Value;

    /// <summary>Later than.</summary>
    public static bool operator >(Round left, Round right) => left.Value > right.Value;

    /// <summary>Earlier than, or the same.</summary>
    public static bool operator <=(Round left, Round right) => left.Value <= right.Value;

    /// <summary>Later than, or the same.</summary>
    public static bool operator >=(Round left, Round right) => left.Value >= right.Value;

    /// <inheritdoc/>
    public override string ToString() => Value.ToString(System.Globalization.CultureInfo.InvariantCulture);
}

/// <summary>Where a message goes: the kind of actor and its id, as in ("shard", "pbmc/3").</summary>
public readonly record struct ActorAddress(string Kind, string Id)
{
    /// <inheritdoc/>
    public override string ToString() => $"{Kind}/{Id}";
}
