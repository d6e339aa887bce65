using System.Text.Json;
using FitCluster.Math.Numerics;
using FitCluster.Models.Simulation;
using FitCluster.Models.Spec;

namespace FitCluster.OwnModel;

/// <summary>Rows of a Gaussian of variance 1, with the mean j in column j.</summary>
internal sealed class MeansSimulator : SimulatorKind
{
    public override SpecTable Fields { get; } = new("means", SimulationFields.Rows, SimulationFields.Columns, SimulationFields.Seed);

    public override ISimulator Create(SpecSection options) => new Draws(
        options.Get(SimulationFields.Rows), options.Get(SimulationFields.Columns), (ulong)options.Get(SimulationFields.Seed));

    private sealed record Draws(long Rows, int Columns, ulong Seed) : ISimulator
    {
        public int Factors => 1;

        public string RowTruth => "truth_rows";

        public void Draw(long row, Span<double> factors, Span<double> values)
        {
            for (var j = 0; j < values.Length; j++)
            {
                values[j] = j + Philox.Normal(Seed, 1, ((ulong)row * (ulong)Columns) + (ulong)j);
            }
        }

        public void WriteOptions(Utf8JsonWriter writer, string format) => writer.WriteString("model", "means");
    }
}
