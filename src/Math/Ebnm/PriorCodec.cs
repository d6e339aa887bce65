namespace FitCluster.Math.Ebnm;

/// <summary>
/// A prior as float64 values, so that it travels and is saved like everything else: [family, mode,
/// (kind, weight, location, scale, low, high)*].
/// </summary>
public static class PriorCodec
{
    private const int HeaderLength = 2;
    private const int ComponentLength = 6;

    /// <summary>The values of a prior.</summary>
    public static double[] Encode(Prior prior)
    {
        var values = new double[HeaderLength + (ComponentLength * prior.Components.Length)];
        values[0] = (int)prior.Family;
        values[1] = prior.Mode;
        for (var m = 0; m < prior.Components.Length; m++)
        {
            var component = prior.Components[m];
            var at = HeaderLength + (ComponentLength * m);
            values[at] = (int)component.Kind;
            values[at + 1] = component.Weight;
            values[at + 2] = component.Location;
            values[at + 3] = component.Scale;
            values[at + 4] = component.Low;
            values[at + 5] = component.High;
        }

        return values;
    }

    /// <summary>The prior of values made by <see cref="Encode"/>.</summary>
    /// <exception cref="ArgumentException">The values are not those of a prior.</exception>
    public static Prior Decode(ReadOnlySpan<double> values)
    {
        if (values.Length < HeaderLength || (values.Length - HeaderLength) % ComponentLength != 0 ||
            !Enum.IsDefined((PriorFamily)(int)values[0]))
        {
            throw new ArgumentException($"{values.Length} values are not an encoded prior", nameof(values));
        }

        var components = new PriorComponent[(values.Length - HeaderLength) / ComponentLength];
        for (var m = 0; m < components.Length; m++)
        {
            var at = values[(HeaderLength + (ComponentLength * m))..];
            components[m] = new PriorComponent((ComponentKind)(int)at[0], at[1], at[2], at[3], at[4], at[5]);
        }

        return new Prior((PriorFamily)(int)values[0], values[1], components);
    }
}
