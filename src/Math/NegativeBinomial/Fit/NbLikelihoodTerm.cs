using System.Numerics.Tensors;
using System.Runtime.Intrinsics;

namespace FitCluster.Math.NegativeBinomial;

/// <summary>
/// The expected log-likelihood of the genes under their q, from the statistics of a pass: with the cells' term of that pass and the prior
/// term it is the ELBO. E of gradient by the same nodes as E of the value, so that a gradient is that of the bound as it is computed.
/// </summary>
internal sealed class NbLikelihoodTerm
{
    private readonly NbStructure _structure;
    private readonly NbCubature _cubature;
    private readonly NbPoints _points;
    private readonly NbGeneKernel _kernel;
    private readonly int _n;
    private readonly int _p;
    private readonly double[][] _pulled;
    private readonly double[] _hessian;
    private readonly double[] _inverse;

    /// <summary>Of a model and a rule.</summary>
    public NbLikelihoodTerm(NbStructure structure, NbCubature cubature)
    {
        (_structure, _cubature, _n, _p) = (structure, cubature, structure.Coordinates, cubature.Dimensions);
        _points = new NbPoints(structure, cubature);
        _kernel = new NbGeneKernel(structure, _points);
        _pulled = [.. Enumerable.Range(0, _p + 1).Select(_ => new double[cubature.Count])];
        (_hessian, _inverse) = (new double[_p * _p], new double[_p * _p]);
    }

    /// <summary>Adds to a system.</summary>
    public void Add(NbParameters parameters, NbEvidence evidence, NbSystem system)
    {
        var shape = _structure.Shape;
        for (var leaf = 0; leaf < shape.Leaves; leaf++)
        {
            for (var g = 0; g < shape.Genes; g++)
            {
                _points.Place(parameters, leaf, g);
                if (g == 0 && !shape.OddsByGene && !shape.ByEntry)
                {
                    AddLeaf(parameters, evidence, leaf, system);
                }

                AddGene(parameters, evidence, leaf, g, system);
            }
        }
    }

    // -sum_c L_c log(1 + a nu_c), and what the kernel wants of the leaf.
    private void AddLeaf(NbParameters parameters, NbEvidence evidence, int leaf, NbSystem system)
    {
        _kernel.PlaceLeaf(evidence, leaf);
        var count = evidence.Nu.Length;
        var (value, gradient, curvature) = (0.0, 0.0, 0.0);
        var scale = parameters.ScalarScale[_structure.SecondScalar[leaf]];
        for (var at = 0; at < _cubature.Count; at += 8)
        {
            var (log, slope) = NbGeneKernel.WeighedLog(
                Vector512.Create<double>(_points.Odds.AsSpan(at)), evidence.Nu, evidence.CountsOfLeaf.AsSpan(leaf * count, count));
            log.CopyTo(_kernel.Value.AsSpan(at));
            slope.CopyTo(_kernel.ByLogOdds.AsSpan(at));
        }

        Array.Clear(_kernel.ByLogR);
        _points.Pull(_p, _kernel.ByLogR, _kernel.ByLogOdds, _kernel.ByGate, _kernel.ByLogOmega, _pulled[_p]);
        for (var i = 0; i < _cubature.Count; i++)
        {
            var weight = _cubature.Weights[i];
            value -= weight * _kernel.Value[i];
            gradient -= weight * _pulled[_p][i];
            curvature -= weight * _pulled[_p][i] * _cubature.Nodes[_p][i] / scale;
        }

        system.Rest += value;
        var a = (_structure.Shape.Genes * system.Arrow.Length) + system.ArrowOf[_structure.SecondScalar[leaf]];
        system.ArrowGradient[a] += gradient;
        system.ArrowPrecision[a] -= curvature;
    }

    private void AddGene(NbParameters parameters, NbEvidence evidence, int leaf, int g, NbSystem system)
    {
        _kernel.Run(evidence, leaf, g);
        var weights = _cubature.Weights;
        system.Values[g] += TensorPrimitives.Dot<double>(weights, _kernel.Value);
        var all = _p + (_cubature.HasScalar ? 1 : 0);
        for (var i = 0; i < all; i++)
        {
            _points.Pull(i, _kernel.ByLogR, _kernel.ByLogOdds, _kernel.ByGate, _kernel.ByLogOmega, _pulled[i]);
            TensorPrimitives.Multiply(_pulled[i], weights, _pulled[i]);
        }

        Hessian();
        Span<double> gradient = stackalloc double[_p];
        for (var i = 0; i < _p; i++)
        {
            gradient[i] = TensorPrimitives.Sum<double>(_pulled[i]);
        }

        Spread(leaf, g, gradient, system);
        if (!_cubature.HasScalar)
        {
            return;
        }

        var scalar = _structure.SecondScalar[leaf];
        var (scale, at) = (parameters.ScalarScale[scalar], (g * system.Arrow.Length) + system.ArrowOf[scalar]);
        system.ArrowGradient[at] += TensorPrimitives.Sum<double>(_pulled[_p]);
        system.ArrowPrecision[at] -= TensorPrimitives.Dot<double>(_pulled[_p], _cubature.Nodes[_p]) / scale;
        for (var i = 0; i < _p; i++)
        {
            var cross = TensorPrimitives.Dot<double>(_pulled[i], _cubature.Nodes[_p]) / scale;
            foreach (var coordinate in _structure.Sum(leaf, _structure.Dimensions[i]))
            {
                system.Cross[(at * _n) + coordinate] += cross;
            }
        }
    }

    // The symmetric part of sum w grad f x' L^-1: E of the Hessian, exactly the derivative of the bound in S where the rule is exact.
    private void Hessian()
    {
        _points.Lower.CopyTo(_inverse, 0);
        SmallMatrix.InvertLower(_inverse, _p);
        Span<double> product = stackalloc double[_p * _p];
        for (var i = 0; i < _p; i++)
        {
            for (var j = 0; j < _p; j++)
            {
                product[(i * _p) + j] = TensorPrimitives.Dot<double>(_pulled[i], _cubature.Nodes[j]);
            }
        }

        for (var i = 0; i < _p; i++)
        {
            for (var j = 0; j < _p; j++)
            {
                var sum = 0.0;
                for (var k = 0; k < _p; k++)
                {
                    sum += (product[(i * _p) + k] * _inverse[(k * _p) + j]) + (product[(j * _p) + k] * _inverse[(k * _p) + i]);
                }

                _hessian[(i * _p) + j] = 0.5 * sum;
            }
        }
    }

    private void Spread(int leaf, int g, ReadOnlySpan<double> gradient, NbSystem system)
    {
        for (var i = 0; i < _p; i++)
        {
            foreach (var row in _structure.Sum(leaf, _structure.Dimensions[i]))
            {
                system.Gradient[(g * _n) + row] += gradient[i];
                for (var j = 0; j < _p; j++)
                {
                    foreach (var column in _structure.Sum(leaf, _structure.Dimensions[j]))
                    {
                        system.Precision[(((g * _n) + row) * _n) + column] -= _hessian[(i * _p) + j];
                    }
                }
            }
        }
    }
}
