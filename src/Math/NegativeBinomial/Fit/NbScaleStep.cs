namespace FitCluster.Math.NegativeBinomial;

/// <summary>
/// Steps of the q of the scales of hierarchies (Gaussian: the raw scale; horseshoe: log tau and log c^2), the genes given: Newton's with
/// E f' = E[f x] / s and E f'' = E[f (x^2 - 1)] / s^2 (Stein) from the values at the nodes, halved until the ELBO does not fall.
/// </summary>
internal sealed class NbScaleStep(NbStructure structure, NbPriorTerm prior)
{
    private const int MostHalvings = 6;

    /// <summary>A step for every block; the parameters after it.</summary>
    public NbParameters Improve(NbParameters parameters, int steps)
    {
        var next = parameters.Clone();
        foreach (var block in structure.Blocks.Append(structure.ScalarBlock).OfType<NbBlock>().Where(block => block.Scale >= 0))
        {
            var values = Gather(next, block);
            for (var step = 0; step < steps; step++)
            {
                if (!Step(next, block, values))
                {
                    break;
                }
            }
        }

        return next;
    }

    // What the nodes' values follow from: adds them for a block's term.
    private Action<NbBlockTerm, double[]> Gather(NbParameters parameters, NbBlock block)
    {
        if (block == structure.ScalarBlock)
        {
            var (within, between) = NbPriorTerm.ScalarStatistics(parameters, block);
            return (term, values) => term.AddNodes(within, between, 1, values);
        }

        var genes = structure.Shape.Genes;
        var (withins, betweens) = (new double[genes], new double[genes]);
        var knots = new double[block.Single >= 0 ? MarginalDensity.Knots : 0];
        for (var g = 0; g < genes; g++)
        {
            (withins[g], betweens[g]) = prior.Statistics(parameters, g, block);
            if (block.Single >= 0)
            {
                MarginalDensity.AddKnots(withins[g], betweens[g], knots);
            }
        }

        if (block.Single >= 0)
        {
            return (term, values) => term.AddNodes(knots, values);
        }

        if (block.Hierarchy.Family == NbFamily.Gaussian)
        {
            var (within, between) = (withins.Sum(), betweens.Sum());
            return (term, values) => term.AddNodes(within, between, genes, values);
        }

        return (term, values) =>
        {
            for (var g = 0; g < genes; g++)
            {
                term.AddNodes(withins[g], betweens[g], 1, values);
            }
        };
    }

    // False where nothing is to be gained.
    private bool Step(NbParameters parameters, NbBlock block, Action<NbBlockTerm, double[]> gathered)
    {
        int[] scalars = block.Slab < 0 ? [block.Scale] : [block.Scale, block.Slab];
        var (worth, directions) = Look(parameters, block, scalars, gathered);
        if (directions.All(d => double.Abs(d.Location) < 1e-5 && double.Abs(d.LogScale) < 1e-4))
        {
            return false;
        }

        double[] locations = [.. scalars.Select(s => parameters.ScalarLocation[s])];
        double[] scales = [.. scalars.Select(s => parameters.ScalarScale[s])];
        for (var (halving, length) = (0, 1.0); halving < MostHalvings; halving++, length *= 0.5)
        {
            Set(length);
            if (Look(parameters, block, scalars, gathered).Worth >= worth)
            {
                return true;
            }
        }

        Set(0);
        return false;

        void Set(double length)
        {
            for (var i = 0; i < scalars.Length; i++)
            {
                parameters.ScalarLocation[scalars[i]] = locations[i] + (length * directions[i].Location);
                parameters.ScalarScale[scalars[i]] = scales[i] * double.Exp(length * directions[i].LogScale);
            }
        }
    }

    private (double Worth, (double Location, double LogScale)[] Directions) Look(
        NbParameters parameters, NbBlock block, int[] scalars, Action<NbBlockTerm, double[]> gathered)
    {
        var term = new NbBlockTerm(block, parameters.ScalarLocation, parameters.ScalarScale);
        var values = new double[term.Nodes];
        gathered(term, values);
        var (nodes, weights) = term.Rule;
        var (n, worth) = (nodes.Length, 0.0);
        for (var i = 0; i < values.Length; i++)
        {
            worth += term.Weights[i] * values[i];
        }

        var directions = new (double, double)[scalars.Length];
        for (var s = 0; s < scalars.Length; s++)
        {
            var scalar = structure.Scalars[scalars[s]];
            var (location, scale) = (parameters.ScalarLocation[scalars[s]], parameters.ScalarScale[scalars[s]]);
            worth += scalar.Term(location, scale);
            var (first, second) = (0.0, 0.0);
            for (var i = 0; i < values.Length; i++)
            {
                var x = nodes[scalars.Length == 1 ? i : s == 0 ? i / n : i % n];
                var value = values[i] + scalar.LogPrior(location + (scale * x));
                first += term.Weights[i] * value * x / scale;
                second += term.Weights[i] * value * ((x * x) - 1) / (scale * scale);
            }

            var precision = second < 0 ? -second : 1 / (scale * scale);
            directions[s] = (double.Clamp(first / precision, -1, 1), double.Clamp(-0.5 * double.Log(precision * scale * scale), -0.7, 0.7));
        }

        return (worth, directions);
    }
}
