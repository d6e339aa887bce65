namespace FitCluster.Math.NegativeBinomial;

/// <summary>The part of the ELBO that has no data: log priors of genes and scalars, entropies of their q. At parameters, whole or by
/// gene.</summary>
internal sealed class NbPriorTerm
{
    private readonly NbStructure _structure;
    private readonly int _n;
    private readonly NbBlockTerm?[] _terms;
    private readonly double[][] _termsAt;
    private readonly double[] _factor;
    private readonly double[] _covariance;
    private readonly double[] _away;
    private readonly double[] _product;

    /// <summary>Of a model.</summary>
    public NbPriorTerm(NbStructure structure)
    {
        (_structure, _n) = (structure, structure.Coordinates);
        (_terms, _termsAt) = (new NbBlockTerm?[structure.Blocks.Count], new double[structure.Blocks.Count][]);
        (_factor, _covariance, _away, _product) = (new double[_n * _n], new double[_n * _n], new double[_n], new double[_n]);
    }

    /// <summary>Adds to a system.</summary>
    public void Add(NbParameters parameters, NbSystem system)
    {
        AddScalars(parameters, system);
        var terms = Terms(parameters);
        for (var g = 0; g < _structure.Shape.Genes; g++)
        {
            AddEntropyAndNormals(parameters, g, system);
            for (var b = 0; b < terms.Length; b++)
            {
                AddBlock(parameters, g, _structure.Blocks[b], terms[b], system);
            }
        }
    }

    /// <summary>The blocks at the scalars' q.</summary>
    public NbBlockTerm[] Terms(NbParameters parameters)
    {
        for (var b = 0; b < _terms.Length; b++)
        {
            // Steps of the genes leave the scales as they are: the integrals' nodes and tables are kept as long as that.
            var block = _structure.Blocks[b];
            double[] at = [.. ((int[])[block.Scale, block.Slab]).Where(s => s >= 0)
                .SelectMany(s => (double[])[parameters.ScalarLocation[s], parameters.ScalarScale[s]])];
            if (_terms[b] is null || !at.AsSpan().SequenceEqual(_termsAt[b]))
            {
                (_terms[b], _termsAt[b]) = (new NbBlockTerm(block, parameters.ScalarLocation, parameters.ScalarScale), at);
            }
        }

        return _terms!;
    }

    /// <summary>S_w and S_b of a gene, or the mean about the location and the variance of a block of one.</summary>
    public (double Within, double Between) Statistics(NbParameters parameters, int gene, NbBlock block)
    {
        Read(parameters, gene);
        return Statistics(parameters, parameters.Location.AsSpan(gene * _n, _n), block);
    }

    /// <summary>The scalars' block at their q: its value, and the statistics.</summary>
    public static (double Within, double Between) ScalarStatistics(NbParameters parameters, NbBlock block)
    {
        var (n, within, between) = (block.Length, 0.0, 0.0);
        var location = parameters.ScalarLocation.AsSpan(0, n);
        for (var i = 0; i < n; i++)
        {
            var variance = parameters.ScalarScale[i] * parameters.ScalarScale[i];
            within += block.Within[(i * n) + i] * variance;
            between += block.Between[(i * n) + i] * variance;
        }

        return (within + SmallMatrix.Form(block.Within, location, location, n), between
            + SmallMatrix.Form(block.Between, location, location, n));
    }

    private void Read(NbParameters parameters, int gene)
    {
        var packed = SmallMatrix.Packed(_n);
        SmallMatrix.Unpack(parameters.Factor.AsSpan(gene * packed, packed), _n, _factor);
        SmallMatrix.Square(_factor, _n, false, _covariance);
    }

    // The covariance has been read.
    private (double Within, double Between) Statistics(NbParameters parameters, ReadOnlySpan<double> mean, NbBlock block)
    {
        var (at, spread) = block.Location < 0 ? (0, 0)
            : (parameters.ScalarLocation[block.Location], parameters.ScalarScale[block.Location]);
        if (block.Single is var i and >= 0)
        {
            return (mean[i] - at, _covariance[(i * _n) + i] + (spread * spread));
        }

        for (var j = 0; j < _n; j++)
        {
            _away[j] = mean[j] - (at * block.Marks[j]);
        }

        var within = SmallMatrix.Form(block.Within, _away, _away, _n) + SmallMatrix.Trace(block.Within, _covariance);
        within += block.Location < 0 ? 0 : spread * spread * SmallMatrix.Form(block.Within, block.Marks, block.Marks, _n);
        var between = block.BetweenCount == 0 ? 0
            : SmallMatrix.Form(block.Between, mean, mean, _n) + SmallMatrix.Trace(block.Between, _covariance);
        return (within, between);
    }

    private void AddScalars(NbParameters parameters, NbSystem system)
    {
        var last = _structure.Shape.Genes * system.Arrow.Length;
        var block = _structure.ScalarBlock;
        for (var s = 0; s < _structure.Scalars.Count; s++)
        {
            var scalar = _structure.Scalars[s];
            var isInBlock = block is not null && _structure.SecondScalar.Contains(s);
            var (location, scale) = (parameters.ScalarLocation[s], parameters.ScalarScale[s]);
            system.Rest += isInBlock ? double.Log(scale) + NbCellPosterior.NormalEntropy : scalar.Term(location, scale);
            if (system.ArrowOf[s] is var a and >= 0 && !isInBlock)
            {
                system.ArrowGradient[last + a] -= (location - scalar.A) / (scalar.B * scalar.B);
                system.ArrowPrecision[last + a] += 1 / (scalar.B * scalar.B);
            }
        }

        if (block is null)
        {
            return;
        }

        var (within, between) = ScalarStatistics(parameters, block);
        var (value, byWithin, byBetween) = new NbBlockTerm(block, parameters.ScalarLocation, parameters.ScalarScale).At(within, between);
        system.Rest += value;
        for (var i = 0; i < block.Length; i++)
        {
            if (system.ArrowOf[i] is not (var a and >= 0))
            {
                continue;
            }

            var row = i * block.Length;
            for (var j = 0; j < block.Length; j++)
            {
                system.ArrowGradient[last + a] += 2 * ((byWithin * block.Within[row + j]) + (byBetween * block.Between[row + j])) *
                    parameters.ScalarLocation[j];
            }

            system.ArrowPrecision[last + a] -= 2 * ((byWithin * block.Within[row + i]) + (byBetween * block.Between[row + i]));
        }
    }

    private void AddEntropyAndNormals(NbParameters parameters, int g, NbSystem system)
    {
        Read(parameters, g);
        var value = _n * NbCellPosterior.NormalEntropy;
        for (var i = 0; i < _n; i++)
        {
            value += double.Log(_factor[(i * _n) + i]);
        }

        foreach (var prior in _structure.Normals)
        {
            var i = prior.Coordinate;
            var (away, precision) = (parameters.Location[(g * _n) + i] - prior.Mean, 1 / (prior.Sd * prior.Sd));
            value -= (0.5 * precision * ((away * away) + _covariance[(i * _n) + i])) + double.Log(prior.Sd)
                + Numerics.NormalDistribution.LogRootTwoPi;
            system.Gradient[(g * _n) + i] -= precision * away;
            system.Precision[(((g * _n) + i) * _n) + i] += precision;
        }

        system.Values[g] += value;
    }

    private void AddBlock(NbParameters parameters, int g, NbBlock block, NbBlockTerm term, NbSystem system)
    {
        var mean = parameters.Location.AsSpan(g * _n, _n);
        var (within, between) = Statistics(parameters, mean, block);
        var arrow = block.Location < 0 ? -1 : system.ArrowOf[block.Location];
        var gradient = system.Gradient.AsSpan(g * _n, _n);
        var precision = system.Precision.AsSpan(g * _n * _n, _n * _n);
        if (block.Single is var i and >= 0)
        {
            var (single, byMean, byVariance) = term.Single(within, between);
            system.Values[g] += single;
            gradient[i] += byMean;
            precision[(i * _n) + i] -= 2 * byVariance;
            if (arrow >= 0)
            {
                system.ArrowGradient[(g * system.Arrow.Length) + arrow] -= byMean;
                system.ArrowPrecision[(g * system.Arrow.Length) + arrow] -= 2 * byVariance;
                system.Cross[(((g * system.Arrow.Length) + arrow) * _n) + i] -= 2 * byVariance;
            }

            return;
        }

        var (value, byWithin, byBetween) = term.At(within, between);
        system.Values[g] += value;
        SmallMatrix.Multiply(block.Within, _away, _n, _product);
        for (var j = 0; j < _n; j++)
        {
            gradient[j] += 2 * byWithin * _product[j];
            for (var k = 0; k < _n; k++)
            {
                precision[(j * _n) + k] -= 2 * ((byWithin * block.Within[(j * _n) + k]) + (byBetween * block.Between[(j * _n) + k]));
                gradient[j] += 2 * byBetween * block.Between[(j * _n) + k] * mean[k];
            }
        }

        if (arrow < 0)
        {
            return;
        }

        var at = (g * system.Arrow.Length) + arrow;
        system.ArrowGradient[at] -= 2 * byWithin * System.Numerics.Tensors.TensorPrimitives.Dot<double>(_product, block.Marks);
        SmallMatrix.Multiply(block.Within, block.Marks, _n, _product);
        system.ArrowPrecision[at] -= 2 * byWithin * System.Numerics.Tensors.TensorPrimitives.Dot<double>(_product, block.Marks);
        for (var j = 0; j < _n; j++)
        {
            system.Cross[(at * _n) + j] -= 2 * byWithin * _product[j];
        }
    }
}
