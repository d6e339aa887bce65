namespace FitCluster.Engine;

/// <summary>SplitMix64 (Steele, Lea and Flood 2014): the simulation's only source of chance, so that a seed is a run.</summary>
public sealed class SplitMix(ulong seed)
{
    private ulong _state = seed;

    /// <summary>The next 64 bits.</summary>
    public ulong Next()
    {
        var z = _state += 0x9E3779B97F4A7C15;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }

    /// <summary>Uniform in [0, 1).</summary>
    public double NextDouble() => (Next() >> 11) * (1.0 / (1UL << 53));

    /// <summary>Uniform in [0, <paramref name="limit"/>).</summary>
    public int NextInt(int limit) => (int)(Next() % (ulong)limit);

    /// <summary>Uniform between two times.</summary>
    public TimeSpan NextTime(TimeSpan least, TimeSpan most) => least + ((most - least) * NextDouble());

    /// <summary>True with this probability. Draws nothing when it is 0.</summary>
    public bool Chance(double probability) => probability > 0 && NextDouble() < probability;
}
