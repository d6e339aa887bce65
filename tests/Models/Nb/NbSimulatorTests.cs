using FitCluster.Data;
using FitCluster.Math.NegativeBinomial;
using FitCluster.Math.Numerics;
using FitCluster.Models.Nb;
using FitCluster.Models.Simulation;
using Xunit;

namespace FitCluster.Models.Tests.Nb;

public sealed class NbSimulatorTests : IDisposable
{
    private readonly Scratch _scratch = new();

    public void Dispose() => _scratch.Dispose();

    /// <summary>Cases: plain; large means, drawn as Poisson counts of gamma rates; gates; beta negative binomials; all, in a
    /// mixture.</summary>
    public static TheoryData<string> Cases => ["plain", "large", "gates", "heavy", "all"];

    [Theory]
    [MemberData(nameof(Cases))]
    public void Counts_have_the_distribution_of_their_truth(string what)
    {
        var options = new NbSimulationOptions { Rows = 400, Columns = 30 };
        options = what switch
        {
            "large" => options with { LogMean = 5, Phi = 2, LogMeanSd = 0.5 },
            "gates" => options with { Gates = 1 },
            "heavy" => options with { Heavy = 1 },
            "all" => options with { Gates = 0.5, Heavy = 0.5, Components = 3, Datasets = 2, Captures = [0.1, 0.4], Different = 0.5 },
            _ => options,
        };
        var (simulator, truth) = (new NbSimulator(options), new NbTruth(options));
        var (cell, counts) = (new double[3], new double[options.Columns]);
        var (bins, scaled, squared) = (new int[20], 0.0, 0.0);
        for (var row = 0; row < options.Rows; row++)
        {
            counts.AsSpan().Clear();
            simulator.Draw(row, cell, counts);
            var leaf = ((int)cell[1] * options.AllDatasets) + (int)cell[0];
            for (var g = 0; g < counts.Length; g++)
            {
                var r = truth.Dispersion(leaf, g);
                var density = new NbDensity(r, truth.Mean[(leaf * options.Columns) + g] / r, truth.Gate[g], truth.Omega[g]);
                var error = counts[g] - density.Mean(cell[2]);
                scaled += error / double.Sqrt(density.Variance(cell[2]));
                squared += error * error / density.Variance(cell[2]);

                // Uniform on [0, 1], if and only if the count has this distribution.
                var below = 0.0;
                for (var u = 0; u < counts[g]; u++)
                {
                    below += double.Exp(density.Log(u, cell[2]));
                }

                var place = below + (double.Exp(density.Log(counts[g], cell[2])) * Philox.Uniform(99, (ulong)row, (ulong)g));
                bins[int.Min(19, (int)(20 * place))]++;
            }
        }

        var all = (double)(options.Rows * options.Columns);
        Assert.InRange(scaled / double.Sqrt(all), -5, 5);
        Assert.True(what is "heavy" or "all" || squared / all is > 0.9 and < 1.1, $"squared errors are {squared / all} of their variance");

        // Chi-square of 19 degrees: 5 standard deviations above its mean.
        var distance = bins.Sum(count => double.Pow(count - (all / 20), 2) / (all / 20));
        Assert.True(distance < 19 + (5 * double.Sqrt(38)), $"the counts' places are not uniform: {string.Join(' ', bins)}");
    }

    [Fact]
    public void Datasets_differ_in_the_genes_that_are_said_to_and_in_no_others()
    {
        var options = new NbSimulationOptions { Rows = 30, Columns = 2000, Datasets = 3, Difference = 0.7, Different = 0.1 };
        var truth = new NbTruth(options);
        Assert.InRange(truth.Differs.Sum(), 150, 250);
        var signs = 0.0;
        for (var g = 0; g < options.Columns; g++)
        {
            double[] effects = [.. Enumerable.Range(0, 3).Select(d => truth.Effect[(d * options.Columns) + g])];
            double[] logs = [.. Enumerable.Range(0, 3).Select(d => double.Log(truth.Mean[(d * options.Columns) + g]))];
            Assert.Equal((int)truth.Differs[g], effects.Count(effect => effect != 0));
            Assert.All(effects, effect => Assert.True(effect == 0 || double.Abs(effect) == 0.7));
            Assert.All(Enumerable.Range(0, 3), d => Assert.Equal(effects[d] - effects[0], logs[d] - logs[0], 1e-12));
            signs += effects.Sum();
        }

        Assert.InRange(signs / 0.7 / double.Sqrt(truth.Differs.Sum()), -4, 4);
    }

    [Fact]
    public void Donors_have_effects_of_their_own_and_conditions_those_of_the_genes_that_differ()
    {
        var options = new NbSimulationOptions
        {
            Rows = 60, Columns = 1500, Donors = 4, Conditions = 3, DonorSd = 0.3, Difference = 2, Different = 0.2,
        };
        var truth = new NbTruth(options);
        double Effect(int donor, int condition, int g) => truth.Effect[(((donor * 3) + condition) * options.Columns) + g];
        var square = 0.0;
        for (var g = 0; g < options.Columns; g++)
        {
            for (var donor = 0; donor < 4; donor++)
            {
                // The first condition is the donor alone; a gene that differs does so by as much in every donor.
                square += Effect(donor, 0, g) * Effect(donor, 0, g);
                for (var condition = 1; condition < 3; condition++)
                {
                    Assert.Equal(Effect(0, condition, g) - Effect(0, 0, g), Effect(donor, condition, g) - Effect(donor, 0, g), 1e-12);
                }
            }

            double[] slopes = [.. Enumerable.Range(1, 2).Select(condition => double.Abs(Effect(0, condition, g) - Effect(0, 0, g)))];
            Assert.Equal(2 * truth.Differs[g], slopes.Sum(), 1e-12);
            Assert.Equal(2 * truth.Differs[g], slopes.Max(), 1e-12);
        }

        Assert.Equal(0.3, double.Sqrt(square / (4 * options.Columns)), 0.02);
    }

    [Fact]
    public void A_density_is_that_of_the_counts()
    {
        foreach (var density in new[] { 0.05, 0.3 })
        {
            var options = new NbSimulationOptions { Rows = 600, Columns = 200, Density = density, Datasets = 2, Captures = [0.1, 0.3] };
            var (simulator, cell, counts, seen) = (new NbSimulator(options), new double[3], new double[200], 0);
            for (var row = 0; row < options.Rows; row++)
            {
                counts.AsSpan().Clear();
                simulator.Draw(row, cell, counts);
                seen += counts.Count(count => count > 0);
            }

            Assert.Equal(density, seen / 120_000.0, 0.08 * density);
        }
    }

    [Fact]
    public void A_row_is_the_same_in_any_order_and_another_by_another_seed()
    {
        var options = new NbSimulationOptions { Components = 2, Datasets = 2, Gates = 0.5, Heavy = 0.5, Columns = 50, Rows = 20 };
        double[] Row(NbSimulator simulator, int row)
        {
            var (cell, counts) = (new double[3], new double[50]);
            simulator.Draw(row, cell, counts);
            return [.. cell, .. counts];
        }

        var (one, other) = (new NbSimulator(options), new NbSimulator(options));
        double[][] forward = [.. Enumerable.Range(0, 20).Select(row => Row(one, row))];
        double[][] backward = [.. Enumerable.Range(0, 20).Reverse().Select(row => Row(other, row)).Reverse()];
        Assert.Equal(forward, backward);
        Assert.NotEqual(forward[3], Row(new NbSimulator(options with { Seed = 2 }), 3));
        Assert.Equal([.. Enumerable.Repeat(0.0, 10), .. Enumerable.Repeat(1.0, 10)], forward.Select(row => row[0]));
    }

    [Fact]
    public void Captures_are_those_of_the_datasets_and_types_are_as_frequent_as_said()
    {
        var options = new NbSimulationOptions
        {
            Rows = 6000, Columns = 1, Components = 3, Datasets = 2, Captures = [0.1, 0.25],
            CaptureSpread = 0.5
        };
        var simulator = new NbSimulator(options);
        var (cell, counts, logits, types) = (new double[3], new double[1], new List<double>[] { [], [] }, new double[3]);
        for (var row = 0; row < options.Rows; row++)
        {
            simulator.Draw(row, cell, counts);
            logits[(int)cell[0]].Add(double.Log(cell[2] / (1 - cell[2])));
            types[(int)cell[1]]++;
        }

        for (var d = 0; d < 2; d++)
        {
            var centre = logits[d].Average();
            Assert.Equal(double.Log(options.Captures[d] / (1 - options.Captures[d])), centre, 0.05);
            Assert.Equal(0.5, double.Sqrt(logits[d].Average(x => (x - centre) * (x - centre))), 0.03);
        }

        Assert.Equal(0.5, types[0] / 6000, 0.03);
        Assert.Equal(1 / 6.0, types[2] / 6000, 0.03);
    }

    [Fact]
    public void A_folder_has_the_truth_of_every_gene_and_cell_by_name()
    {
        var options = new NbSimulationOptions
        {
            Rows = 24, Columns = 7, Components = 2, Donors = 2, Conditions = 2, Gates = 0.5,
            Heavy = 0.5
        };
        var simulator = new NbSimulator(options);
        var folder = _scratch.At("sim");
        var data = MatrixSource.Open(SimulationWriter.Write(simulator, "mtx", folder));
        Assert.Equal((24, 7), (data.Rows, data.Columns));
        var truth = new NbTruth(options);
        double[] Read(string name) => DenseArray.Read(Path.Combine(folder, name + ".npy")).Values;
        Assert.Equal(truth.Mean, Read("truth_mean"));
        Assert.Equal([.. truth.Mean.Select(mean => mean * options.Phi)], Read("truth_dispersion"));
        Assert.Equal(truth.Gate, Read("truth_gate"));
        Assert.Equal(truth.Omega, Read("truth_overdispersion"));
        Assert.Equal(truth.Differs, Read("truth_differs"));
        Assert.Equal(truth.Effect, Read("truth_effect"));
        Assert.Equal([truth.Weight(0), truth.Weight(1)], Read("truth_weights"));
        Assert.Equal(2 / 3.0, truth.Weight(0), 1e-15);

        var cells = Read("truth_cells");
        string[][] Table(string name) => [.. File.ReadLines(Path.Combine(folder, name)).Select(line => line.Split('\t'))];
        var (datasets, labels, design) = (Table("datasets.tsv"), Table("labels.tsv"), Table("cells.tsv"));
        Assert.Equal(["name", "dataset", "name", "label", "name", "donor", "condition"], [.. datasets[0], .. labels[0], .. design[0]]);
        var (values, row) = (new double[7], new double[3]);
        for (var i = 0; i < 24; i++)
        {
            var (dataset, type) = ((int)cells[3 * i], (int)cells[(3 * i) + 1]);
            Assert.Equal([data.RowNames[i], $"donor{(dataset / 2) + 1}:condition{(dataset % 2) + 1}"], datasets[i + 1]);
            Assert.Equal([data.RowNames[i], $"type{type + 1}"], labels[i + 1]);
            Assert.Equal([data.RowNames[i], $"donor{(dataset / 2) + 1}", $"condition{(dataset % 2) + 1}"], design[i + 1]);
            values.AsSpan().Clear();
            simulator.Draw(i, row, values);
            Assert.Equal(row, cells[(3 * i)..((3 * i) + 3)]);
            var block = data.RowBlock(i, 1);
            for (var t = 0; t < block.RowColumns(0).Length; t++)
            {
                Assert.Equal(block.RowValues(0)[t], values[block.RowColumns(0)[t]]);
            }

            Assert.Equal(values.Count(value => value != 0), block.RowColumns(0).Length);
        }
    }
}
