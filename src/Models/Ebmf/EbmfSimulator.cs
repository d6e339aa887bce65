using System.Text.Json;
using FitCluster.Data.Writing;
using FitCluster.Math.Numerics;
using FitCluster.Models.Simulation;

namespace FitCluster.Models.Ebmf;

/// <summary>
/// Data of known truth, row by row. Dense: Y = L F' + E, entries of L and F point-normal, E ~ N(0, noise^2). Sparse: counts
/// Y ~ Poisson(c (0.2 + L F')), entries of L and F zero or exponential, c such that the wanted share of counts is not zero. Every number is
/// a function of (seed, what it is for, row, column): rows can be drawn in any order, and again.
/// </summary>
internal sealed class EbmfSimulator : ISimulator
{
    private const double Background = 0.2;
    private const int Probes = 20_000;
    private const int LargestCount = 10_000;

    private readonly SimulationOptions _options;
    private readonly double[] _factors;
    private readonly double _rate = 1;

    public EbmfSimulator(SimulationOptions options)
    {
        _options = options;
        var (p, k) = (options.Columns, options.Factors);
        _factors = new double[p * k];
        for (var at = 0; at < _factors.Length; at++)
        {
            _factors[at] = Entry(Stream.Factors, (ulong)at, options.FactorsDensity, 1);
        }

        _rate = options.Sparse ? FindRate() : 1;
    }

    private enum Stream : ulong
    {
        Loadings = 0x51,
        Factors = 0x53,
        Noise = 0x55,
        Missing = 0x56,
        Probe = 0x57,
    }

    public long Rows => _options.Rows;

    public int Columns => _options.Columns;

    public int Factors => _options.Factors;

    public bool AreCounts => _options.Sparse;

    public bool HasMissing => _options.Missing > 0;

    public string RowTruth => "truth_loadings";

    public string FitOptions => _options.Sparse ? " --transform log1p" : "";

    public void Draw(long row, Span<double> factors, Span<double> values)
    {
        Loadings(row, factors);
        Row(row, factors, values);
    }

    public void WriteTruth(string folder) =>
        NpyWriter.Write(Path.Combine(folder, "truth_factors.npy"), _factors, _options.Columns, _options.Factors);

    public void WriteOptions(Utf8JsonWriter writer, string format)
    {
        writer.WriteString("model", "ebmf");
        writer.WriteString("kind", _options.Sparse ? "sparse" : "dense");
        writer.WriteString("format", format);
        writer.WriteNumber("rows", _options.Rows);
        writer.WriteNumber("columns", _options.Columns);
        writer.WriteNumber("factors", _options.Factors);
        if (!_options.Sparse)
        {
            writer.WriteNumber("noise", _options.Noise);
            writer.WriteNumber("missing", _options.Missing);
        }
        else
        {
            writer.WriteNumber("density", _options.Density);
        }

        writer.WriteNumber("loadingsDensity", _options.LoadingsDensity);
        writer.WriteNumber("factorsDensity", _options.FactorsDensity);
        writer.WriteNumber("seed", _options.Seed);
    }

    /// <summary>The loadings of one row.</summary>
    private void Loadings(long row, Span<double> loadings)
    {
        for (var k = 0; k < loadings.Length; k++)
        {
            // Scales fall from 1.5 to 0.75, so that factors differ in size.
            var scale = 1.5 * double.Pow(0.5, loadings.Length == 1 ? 0 : (double)k / (loadings.Length - 1));
            loadings[k] = Entry(Stream.Loadings, ((ulong)row * (ulong)loadings.Length) + (ulong)k, _options.LoadingsDensity, scale);
        }
    }

    /// <summary>The data of one row, NaN where missing, given its loadings.</summary>
    private void Row(long row, ReadOnlySpan<double> loadings, Span<double> values)
    {
        var k = loadings.Length;
        for (var j = 0; j < values.Length; j++)
        {
            var mean = 0.0;
            var factors = _factors.AsSpan(j * k, k);
            for (var f = 0; f < k; f++)
            {
                mean += loadings[f] * factors[f];
            }

            var at = ((ulong)row * (ulong)values.Length) + (ulong)j;
            values[j] = _options.Missing > 0 && Philox.Uniform(_options.Seed, (ulong)Stream.Missing, at) < _options.Missing ? double.NaN
                : _options.Sparse ? Count(_rate * (Background + mean), Philox.Uniform(_options.Seed, (ulong)Stream.Noise, at))
                : mean + (_options.Noise * Philox.Normal(_options.Seed, (ulong)Stream.Noise, at));
        }
    }

    private double Entry(Stream stream, ulong index, double density, double scale)
    {
        if (Philox.Uniform(_options.Seed, (ulong)stream, index) >= density)
        {
            return 0;
        }

        return scale * (_options.Sparse
            ? -double.Log(Philox.Uniform(_options.Seed, (ulong)stream + 1, index))
            : Philox.Normal(_options.Seed, (ulong)stream + 1, index));
    }

    /// <summary>The Poisson count at which the distribution function passes a uniform number.</summary>
    private static double Count(double rate, double uniform)
    {
        var (term, count) = (double.Exp(-rate), 0);
        for (var sum = term; uniform > sum && count < LargestCount; sum += term)
        {
            term *= rate / ++count;
            if (term == 0)
            {
                break;
            }
        }

        return count;
    }

    /// <summary>Finds by bisection the c at which the share of counts that are not zero, over probed entries, is the wanted one.</summary>
    private double FindRate()
    {
        var means = new double[Probes];
        var loadings = new double[_options.Factors];
        for (var t = 0; t < Probes; t++)
        {
            var row = (long)(Philox.Uniform(_options.Seed, (ulong)Stream.Probe, 2 * (ulong)t) * _options.Rows);
            var column = (int)(Philox.Uniform(_options.Seed, (ulong)Stream.Probe, (2 * (ulong)t) + 1) * _options.Columns);
            Loadings(row, loadings);
            means[t] = Background;
            for (var k = 0; k < loadings.Length; k++)
            {
                means[t] += loadings[k] * _factors[(column * loadings.Length) + k];
            }
        }

        var (low, high) = (-30.0, 30.0);
        for (var i = 0; i < 60; i++)
        {
            var middle = (low + high) / 2;
            var share = means.Average(m => 1 - double.Exp(-double.Exp(middle) * m));
            (low, high) = share < _options.Density ? (middle, high) : (low, middle);
        }

        return double.Exp(high);
    }
}
