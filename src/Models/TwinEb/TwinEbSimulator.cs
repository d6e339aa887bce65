using System.Globalization;
using System.Text.Json;
using FitCluster.Data.Writing;
using FitCluster.Math.Numerics;
using FitCluster.Models.Simulation;

namespace FitCluster.Models.TwinEb;

/// <summary>
/// Counts x_ij ~ Poisson(u_i . v_j), u_i and v_j from mixtures of Gammas. A row is drawn as one Poisson process: events at the rate u_i .
/// sum_j v_j, each at factor l and column j with a chance in proportion to u_il v_jl; so a row costs its counts, not its columns. Every
/// number is a function of (seed, what it is for, row or column). With a dispersion a, x_ij ~ Poisson(theta_ij u_i . v_j), theta_ij ~
/// Gamma(a, a): then each cell is drawn, and a row costs its columns.
/// </summary>
internal sealed class TwinEbSimulator : ISimulator
{
    /// <summary>The largest mean count: beyond it a row's events take long.</summary>
    public const double LargestRate = 1000;

    private const int Probes = 100_000;
    private const ulong RowSide = 0x71, ColumnSide = 0x72, EventStream = 0x73UL << 48, ProbeStream = 0x74UL << 48,
        ThetaStream = 0x75UL << 48, CellStream = 0x76UL << 48;

    private readonly TwinEbSimulationOptions _options;
    private readonly GammaMixture _rows;
    private readonly GammaMixture _columns;
    private readonly double[] _columnFactors;
    private readonly double _scale;

    // Sums over columns 0..j of v_jl, factors x columns.
    private readonly double[] _cumulative;

    public TwinEbSimulator(TwinEbSimulationOptions options)
    {
        _options = options;
        var (d, factors) = (options.Columns, options.Factors);
        _rows = new GammaMixture(options.RowComponents, factors, options.Seed, RowSide);
        _columns = new GammaMixture(options.ColumnComponents, factors, options.Seed, ColumnSide);
        _columnFactors = new double[d * factors];
        for (var j = 0; j < d; j++)
        {
            _columns.Draw(j, _columnFactors.AsSpan(j * factors, factors));
        }

        // The mean over all rows there could be, and these columns.
        var rowMeans = _rows.Means();
        var mean = 0.0;
        for (var at = 0; at < _columnFactors.Length; at++)
        {
            mean += rowMeans[at % factors] * _columnFactors[at] / d;
        }

        _scale = options.Density is { } density ? ScaleOf(density) : (options.Rate ?? 1) / mean;
        if (_scale * mean > LargestRate)
        {
            throw ProblemException.BadInput(string.Create(CultureInfo.InvariantCulture,
                $"--density {options.Density} needs a mean count of {_scale * mean:G3}, above {LargestRate}: give a lower one, or " +
                $"another --seed"));
        }

        _cumulative = new double[d * factors];
        for (var l = 0; l < factors; l++)
        {
            var sum = 0.0;
            for (var j = 0; j < d; j++)
            {
                _cumulative[(l * d) + j] = sum += _columnFactors[(j * factors) + l] *= _scale;
            }
        }
    }

    public long Rows => _options.Rows;

    public int Columns => _options.Columns;

    public int Factors => _options.Factors;

    public bool AreCounts => true;

    public bool HasMissing => false;

    public string RowTruth => "truth_rows";

    public void Draw(long row, Span<double> factors, Span<double> values)
    {
        _rows.Draw(row, factors);
        if (_options.Dispersion is { } dispersion)
        {
            DrawCells(row, factors, values, dispersion);
            return;
        }

        var d = values.Length;
        var total = 0.0;
        for (var l = 0; l < factors.Length; l++)
        {
            total += factors[l] * _cumulative[((l + 1) * d) - 1];
        }

        var stream = EventStream + (ulong)row;
        var index = 0UL;
        for (var time = -double.Log(Philox.Uniform(_options.Seed, stream, index++)); time < total;
            time -= double.Log(Philox.Uniform(_options.Seed, stream, index++)))
        {
            var mark = total * Philox.Uniform(_options.Seed, stream, index++);
            var l = 0;
            for (; l < factors.Length - 1 && mark >= factors[l] * _cumulative[((l + 1) * d) - 1]; l++)
            {
                mark -= factors[l] * _cumulative[((l + 1) * d) - 1];
            }

            var column = _cumulative.AsSpan(l * d, d).BinarySearch(mark / factors[l]);

            // The last factor, or column, also takes what rounding leaves.
            values[int.Min(column < 0 ? ~column : column + 1, d - 1)]++;
        }
    }

    private void DrawCells(long row, ReadOnlySpan<double> factors, Span<double> values, double dispersion)
    {
        for (var j = 0; j < values.Length; j++)
        {
            var theta = GammaDraw.Next(dispersion, _options.Seed, ThetaStream + (ulong)row, (uint)j) / dispersion;
            var rate = 0.0;
            for (var l = 0; l < factors.Length; l++)
            {
                rate += factors[l] * _columnFactors[(j * factors.Length) + l];
            }

            values[j] = PoissonDraw.Next(theta * rate, _options.Seed, CellStream + (ulong)row, (uint)j);
        }
    }

    public void WriteTruth(string folder)
    {
        if (_options.Dispersion is { } dispersion)
        {
            NpyWriter.Write(Path.Combine(folder, "truth_dispersion.npy"), [dispersion], 1);
        }

        NpyWriter.Write(Path.Combine(folder, "truth_columns.npy"), _columnFactors, Columns, Factors);
        AtomicFile.WriteAllBytes(Path.Combine(folder, "truth_row_prior.json"), _rows.ToJson(1));
        AtomicFile.WriteAllBytes(Path.Combine(folder, "truth_column_prior.json"), _columns.ToJson(_scale));
        WriteComponents(Path.Combine(folder, "truth_row_component.npy"), _rows, Rows);
        WriteComponents(Path.Combine(folder, "truth_column_component.npy"), _columns, Columns);
    }

    public void WriteOptions(Utf8JsonWriter writer, string format)
    {
        writer.WriteString("model", "twineb");
        writer.WriteString("format", format);
        writer.WriteNumber("rows", Rows);
        writer.WriteNumber("columns", Columns);
        writer.WriteNumber("factors", Factors);
        writer.WriteNumber("rowComponents", _options.RowComponents);
        writer.WriteNumber("columnComponents", _options.ColumnComponents);
        if (_options.Density is { } density)
        {
            writer.WriteNumber("density", density);
        }
        else
        {
            writer.WriteNumber("rate", _options.Rate ?? 1);
        }

        if (_options.Dispersion is { } dispersion)
        {
            writer.WriteNumber("dispersion", dispersion);
        }

        writer.WriteNumber("seed", _options.Seed);
    }

    private double ChanceOfZero(double rate) =>
        _options.Dispersion is { } a ? double.Exp(-a * double.LogP1(rate / a)) : double.Exp(-rate);

    private static void WriteComponents(string path, GammaMixture mixture, long entities)
    {
        using var writer = new NpyWriter(path, entities);
        for (var i = 0L; i < entities; i++)
        {
            writer.Append([mixture.Component(i)]);
        }

        writer.Finish();
    }

    /// <summary>
    /// Finds by bisection the factor at which the share of counts that are not zero, over probed cells, is the wanted one.
    /// </summary>
    private double ScaleOf(double density)
    {
        var rates = new double[Probes];
        var factors = new double[Factors];
        for (var t = 0; t < Probes; t++)
        {
            var row = (long)(Philox.Uniform(_options.Seed, ProbeStream, 2 * (ulong)t) * Rows);
            var column = (int)(Philox.Uniform(_options.Seed, ProbeStream, (2 * (ulong)t) + 1) * Columns);
            _rows.Draw(row, factors);
            for (var l = 0; l < factors.Length; l++)
            {
                rates[t] += factors[l] * _columnFactors[(column * factors.Length) + l];
            }
        }

        var (low, high) = (-30.0, 30.0);
        for (var i = 0; i < 60; i++)
        {
            var middle = (low + high) / 2;
            var share = rates.Average(r => 1 - ChanceOfZero(double.Exp(middle) * r));
            (low, high) = share < density ? (middle, high) : (low, middle);
        }

        return double.Exp(high);
    }
}
