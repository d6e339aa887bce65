using System.Globalization;
using System.Text.Json;
using FitCluster.Data.Writing;
using FitCluster.Math.Numerics;
using FitCluster.Models.Simulation;
using FitCluster.Models.TwinEb;

namespace FitCluster.Models.Nb;

/// <summary>
/// Counts of cells of known truth: NB(r, odds a nu), r = mean phi, a = 1 / phi, thinned by the cell's capture nu, with gates and beta
/// negative binomial genes where asked for. Every number is a function of (seed, what it is for, row or column).
/// </summary>
internal sealed class NbSimulator(NbSimulationOptions options) : ISimulator
{
    private const ulong CellStream = 0x61UL << 48, CountStream = 0x62UL << 48, GateStream = 0x63UL << 48, GammaStream = 0x64UL << 48,
        SecondStream = 0x65UL << 48, PoissonStream = 0x66UL << 48;

    // Below it a count is drawn by inversion from a chance of zero that a double holds well.
    private const double MostInverted = 30;

    private readonly NbTruth _truth = new(options);

    /// <inheritdoc/>
    public long Rows => options.Rows;

    /// <inheritdoc/>
    public int Columns => options.Columns;

    /// <inheritdoc/>
    public int Factors => 3;

    /// <inheritdoc/>
    public string Inside => string.Create(CultureInfo.InvariantCulture,
        $"{options.AllDatasets} dataset{(options.AllDatasets == 1 ? "" : "s")} and {options.Components} " +
        $"type{(options.Components == 1 ? "" : "s")} of cells");

    /// <inheritdoc/>
    public bool AreCounts => true;

    /// <inheritdoc/>
    public string RowTruth => "truth_cells";

    /// <inheritdoc/>
    public string FitOptionsIn(string folder) =>
        (options.AllDatasets == 1 ? "" : $" --set data.datasets={Path.Combine(folder, "datasets.tsv")}") +
        (options.Components == 1 ? "" : $" --set nb.components={options.Components}") +
        (options.Gates > 0 ? " --set nb.zeroInflation=true" : "") + (options.Heavy > 0 ? " --set nb.overdispersion=bnb" : "");

    /// <inheritdoc/>
    public void Draw(long row, Span<double> factors, Span<double> values)
    {
        var (dataset, component, capture) = Cell(row);
        (factors[0], factors[1], factors[2]) = (dataset, component, capture);
        var leaf = (component * options.AllDatasets) + dataset;
        var odds = capture / options.Phi;
        for (var g = 0; g < values.Length; g++)
        {
            if (_truth.Gate[g] > 0 && Philox.Uniform(options.Seed, GateStream + (ulong)row, (ulong)g) < _truth.Gate[g])
            {
                continue;
            }

            var r = _truth.Dispersion(leaf, g);
            values[g] = _truth.Omega[g] > 0
                ? Count(r, BetaOdds(r, odds, _truth.Omega[g], row, g), row, g)
                : Count(r, odds, row, g);
        }
    }

    /// <inheritdoc/>
    public void WriteTruth(string folder)
    {
        var (leaves, genes) = (_truth.Leaves, options.Columns);
        void Write(string name, double[] values, params long[] shape) =>
            NpyWriter.Write(Path.Combine(folder, $"truth_{name}.npy"), values, shape);
        Write("mean", _truth.Mean, leaves, genes);
        Write("dispersion", [.. _truth.Mean.Select(mean => mean * options.Phi)], leaves, genes);
        Write("gate", _truth.Gate, genes);
        Write("overdispersion", _truth.Omega, genes);
        Write("differs", _truth.Differs, genes);
        Write("effect", _truth.Effect, options.AllDatasets, genes);
        Write("weights", [.. Enumerable.Range(0, options.Components).Select(_truth.Weight)], options.Components);
        if (options.AllDatasets > 1)
        {
            WriteTable(folder, "datasets.tsv", "dataset", cell => DatasetName(cell.Dataset));
        }

        if (options.Components > 1)
        {
            WriteTable(folder, "labels.tsv", "label", cell => $"type{cell.Component + 1}");
        }

        if (options.Donors > 0)
        {
            WriteTable(folder, "cells.tsv", "donor\tcondition", cell =>
                $"donor{(cell.Dataset / options.Conditions) + 1}\tcondition{(cell.Dataset % options.Conditions) + 1}");
        }
    }

    /// <inheritdoc/>
    public void WriteOptions(Utf8JsonWriter writer, string format)
    {
        writer.WriteString("model", "nb");
        writer.WriteString("format", format);
        writer.WriteNumber("rows", Rows);
        writer.WriteNumber("columns", Columns);
        writer.WriteNumber("components", options.Components);
        writer.WriteNumber("datasets", options.AllDatasets);
        writer.WriteNumber("donors", options.Donors);
        writer.WriteNumber("conditions", options.Conditions);
        writer.WriteStartArray("captures");
        foreach (var capture in options.Captures)
        {
            writer.WriteNumberValue(capture);
        }

        writer.WriteEndArray();
        writer.WriteNumber("captureSpread", options.CaptureSpread);
        writer.WriteNumber("different", options.Different);
        writer.WriteNumber("difference", options.Difference);
        writer.WriteNumber("donorSd", options.DonorSd);
        writer.WriteNumber("markers", options.Markers);
        if (options.Density is { } density)
        {
            writer.WriteNumber("density", density);
        }
        else
        {
            writer.WriteNumber("logMean", options.LogMean);
        }

        writer.WriteNumber("logMeanSd", options.LogMeanSd);
        writer.WriteNumber("phi", options.Phi);
        writer.WriteNumber("gates", options.Gates);
        writer.WriteNumber("heavy", options.Heavy);
        writer.WriteNumber("seed", options.Seed);
    }

    private string DatasetName(int dataset) => options.Donors > 0
        ? $"donor{(dataset / options.Conditions) + 1}:condition{(dataset % options.Conditions) + 1}"
        : $"dataset{dataset + 1}";

    private (int Dataset, int Component, double Capture) Cell(long row)
    {
        var dataset = (int)(row * options.AllDatasets / options.Rows);
        var (component, share) = (0, Philox.Uniform(options.Seed, CellStream, (ulong)row));
        while (component < options.Components - 1 && (share -= _truth.Weight(component)) > 0)
        {
            component++;
        }

        var centre = options.Captures[options.Captures.Count == 1 ? 0 : dataset];
        var logit = double.Log(centre / (1 - centre)) + (options.CaptureSpread * Philox.Normal(options.Seed, CellStream + 1, (ulong)row));
        return (dataset, component, 1 / (1 + double.Exp(-logit)));
    }

    // q / (1 - q), q ~ Beta(alpha, kappa), of a mean that is the odds.
    private double BetaOdds(double r, double odds, double omega, long row, int gene)
    {
        var kappa = 2 + ((r + 1) / omega);
        var alpha = odds * (kappa - 1);
        return double.Exp(GammaDraw.LogNext(alpha, options.Seed, GammaStream + (ulong)row, (uint)gene) -
            GammaDraw.LogNext(kappa, options.Seed, SecondStream + (ulong)row, (uint)gene));
    }

    private double Count(double r, double odds, long row, int gene)
    {
        var logZero = -r * double.LogP1(odds);
        if (logZero < -MostInverted)
        {
            var rate = odds * GammaDraw.Next(r, options.Seed, CountStream + (ulong)row, (uint)gene);
            return PoissonDraw.Next(rate, options.Seed, PoissonStream + (ulong)row, (uint)gene);
        }

        var uniform = Philox.Uniform(options.Seed, CountStream + (ulong)row, (ulong)gene);
        var (count, chance) = (0, double.Exp(logZero));
        for (var sum = chance; sum < uniform && chance > 1e-300; sum += chance)
        {
            chance *= (r + count) / (count + 1) * (odds / (1 + odds));
            count++;
        }

        return count;
    }

    private void WriteTable(string folder, string file, string header, Func<(int Dataset, int Component, double Capture), string> words)
    {
        using var table = new AtomicFile(Path.Combine(folder, file));
        using (var text = new StreamWriter(table.Stream, leaveOpen: true) { NewLine = "\n" })
        {
            text.WriteLine($"name\t{header}");
            for (var row = 0L; row < options.Rows; row++)
            {
                text.WriteLine(FormattableString.Invariant($"r{row + 1}\t{words(Cell(row))}"));
            }
        }

        table.Commit();
    }
}
