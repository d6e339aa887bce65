using FitCluster.Math.NegativeBinomial;
using FitCluster.Math.Numerics;

namespace FitCluster.Models.Nb;

/// <summary>The true parameters of simulated genes; every number is a function of (seed, what it is for, gene).</summary>
internal sealed class NbTruth
{
    private const double MarkerEffect = 1.2;
    private const ulong Streams = 0x6E62_5000UL << 32;

    private readonly NbSimulationOptions _options;

    public NbTruth(NbSimulationOptions options)
    {
        _options = options;
        var genes = options.Columns;
        (Mean, Gate, Omega) = (new double[Leaves * genes], new double[genes], new double[genes]);
        (Differs, Effect) = (new double[genes], new double[options.AllDatasets * genes]);
        for (var g = 0; g < genes; g++)
        {
            Draw(g);
        }

        if (options.Density is { } density)
        {
            Scale(density);
        }
    }

    /// <summary>Leaves: component x D + dataset.</summary>
    public int Leaves => _options.Components * _options.AllDatasets;

    /// <summary>Leaves x genes.</summary>
    public double[] Mean { get; }

    /// <summary>By gene.</summary>
    public double[] Gate { get; }

    /// <summary>By gene.</summary>
    public double[] Omega { get; }

    /// <summary>By gene: 1 where datasets or conditions differ.</summary>
    public double[] Differs { get; }

    /// <summary>Datasets x genes: what is added to the log mean.</summary>
    public double[] Effect { get; }

    /// <summary>r of a gene in a leaf.</summary>
    public double Dispersion(int leaf, int gene) => Mean[(leaf * _options.Columns) + gene] * _options.Phi;

    /// <summary>The share of a type of cells.</summary>
    public double Weight(int component)
    {
        double k = _options.Components;
        return (k - component) / (k * (k + 1) / 2);
    }

    private void Draw(int gene)
    {
        var (d, g) = (_options.AllDatasets, (ulong)gene);
        double Uniform(int what) => Philox.Uniform(_options.Seed, Streams + (ulong)what, g);
        var log = (_options.Density is null ? _options.LogMean : 0) + (_options.LogMeanSd * Philox.Normal(_options.Seed, Streams, g));
        var differs = d > 1 && Uniform(1) < _options.Different;
        var (sign, at) = (Uniform(2) < 0.5 ? -1 : 1, Uniform(3));
        Differs[gene] = differs ? 1 : 0;
        for (var dataset = 0; dataset < d; dataset++)
        {
            var effect = 0.0;
            if (_options.Donors > 0)
            {
                var (donor, condition) = (dataset / _options.Conditions, dataset % _options.Conditions);
                effect += _options.DonorSd * Philox.Normal(_options.Seed, Streams + 10 + (ulong)donor, g);
                effect += differs && condition == 1 + (int)(at * (_options.Conditions - 1)) ? sign * _options.Difference : 0;
            }
            else
            {
                effect += differs && dataset == (int)(at * d) ? sign * _options.Difference : 0;
            }

            Effect[(dataset * _options.Columns) + gene] = effect;
        }

        var marker = _options.Components > 1 && Uniform(4) < _options.Markers ? (int)(Uniform(5) * _options.Components) : -1;
        var up = Uniform(6) < 0.5 ? -MarkerEffect : MarkerEffect;
        for (var leaf = 0; leaf < Leaves; leaf++)
        {
            Mean[(leaf * _options.Columns) + gene] =
                double.Exp(log + Effect[(leaf % d * _options.Columns) + gene] + (leaf / d == marker ? up : 0));
        }

        Gate[gene] = Uniform(7) < _options.Gates ? 0.3 + (0.3 * Uniform(8)) : 0;
        Omega[gene] = Uniform(9) < _options.Heavy ? 1.5 + (1.5 * Philox.Uniform(_options.Seed, Streams + 9, g + (1UL << 40))) : 0;
    }

    // Finds by bisection the factor of all means at which the share of counts that are not zero is the wanted one, at the datasets'
    // captures.
    private void Scale(double density)
    {
        var (low, high) = (-30.0, 30.0);
        for (var i = 0; i < 50; i++)
        {
            var middle = (low + high) / 2;
            (low, high) = Share(double.Exp(middle)) < density ? (middle, high) : (low, middle);
        }

        foreach (ref var mean in Mean.AsSpan())
        {
            mean *= double.Exp(high);
        }
    }

    private double Share(double factor)
    {
        var sum = 0.0;
        for (var leaf = 0; leaf < Leaves; leaf++)
        {
            var captures = _options.Captures;
            var capture = captures[captures.Count == 1 ? 0 : leaf % _options.AllDatasets];
            var weight = Weight(leaf / _options.AllDatasets) / _options.AllDatasets;
            for (var g = 0; g < _options.Columns; g++)
            {
                var mean = factor * Mean[(leaf * _options.Columns) + g];
                sum += weight * (1 - double.Exp(
                    new NbDensity(mean * _options.Phi, 1 / _options.Phi, Gate[g], Omega[g]).Log(0, capture)));
            }
        }

        return sum / _options.Columns;
    }
}
