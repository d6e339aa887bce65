namespace FitCluster.Models.Spec;

/// <summary>The values of a model's section: those that were given, and the defaults of all others. Immutable.</summary>
public sealed class SpecSection
{
    private readonly Dictionary<SpecField, object?> _values;

    internal SpecSection(SpecTable table, Dictionary<SpecField, object?> values) => (Table, _values) = (table, values);

    /// <summary>The fields there are.</summary>
    public SpecTable Table { get; }

    /// <summary>The value of a field: as given, or its default.</summary>
    public T Get<T>(SpecField<T> field) => _values.TryGetValue(field, out var value) ? (T)value! : field.Default;

    /// <summary>Whether a value was given, or decided.</summary>
    public bool Has(SpecField field) => _values.ContainsKey(field);

    /// <summary>The same section with another value of a field, as when it was decided with the data.</summary>
    public SpecSection With<T>(SpecField<T> field, T value) => new(Table, new Dictionary<SpecField, object?>(_values) { [field] = value });

    internal object? Value(SpecField field) => _values.TryGetValue(field, out var value) ? value : field.DefaultValue;
}
