using System.Numerics.Tensors;

namespace FitCluster.Math.NegativeBinomial;

/// <summary>
/// Steps of the genes' q and of the scalars of the arrow on the ELBO, the cells' statistics given: natural gradient steps (variational
/// Newton, Khan and Rue 2023), precision <c>(1 - alpha) / S + alpha (prior precision - E Hessian)</c> and m + S gradient, with the arrow's
/// locations eliminated by their Schur complement. A step of all together that would lower the ELBO is replaced by steps of the genes
/// alone, of which each gene keeps the better: the ELBO never falls.
/// </summary>
internal sealed class NbAscent
{
    private const double LeastAlpha = 1e-4;

    private readonly NbStructure _structure;
    private readonly NbLikelihoodTerm _likelihood;
    private readonly NbPriorTerm _prior;
    private readonly int _n;
    private readonly int _arrow;
    private readonly double[] _alpha;
    private readonly double[] _covariances;
    private readonly double[] _work;
    private double _arrowAlpha = 1;

    /// <summary>Of a model and a rule.</summary>
    public NbAscent(NbStructure structure, NbCubature cubature)
    {
        (_structure, _n) = (structure, structure.Coordinates);
        (_likelihood, _prior) = (new NbLikelihoodTerm(structure, cubature), new NbPriorTerm(structure));
        _arrow = new NbSystem(structure).Arrow.Length;
        _alpha = new double[structure.Shape.Genes];
        _alpha.AsSpan().Fill(1);
        (_covariances, _work) = (new double[structure.Shape.Genes * _n * _n], new double[_n * _n]);
    }

    /// <summary>The prior's term.</summary>
    public NbPriorTerm Prior => _prior;

    /// <summary>The system at parameters.</summary>
    public NbSystem Evaluate(NbParameters parameters, NbEvidence evidence)
    {
        var system = new NbSystem(_structure);
        _likelihood.Add(parameters, evidence, system);
        _prior.Add(parameters, system);
        return system;
    }

    /// <summary>The prior's part of the ELBO.</summary>
    public double PriorTotal(NbParameters parameters)
    {
        var system = new NbSystem(_structure);
        _prior.Add(parameters, system);
        return system.Total;
    }

    /// <summary>Up to so many steps; the parameters after them and their system.</summary>
    public (NbParameters Parameters, NbSystem System) Improve(
        NbParameters parameters, NbSystem system, NbEvidence evidence, int steps, double tolerance, bool withArrow = true)
    {
        for (var step = 0; step < steps; step++)
        {
            var before = system.Total;
            var isMoved = false;
            if (withArrow && _arrow > 0)
            {
                var joint = Propose(parameters, system, true);
                var jointSystem = Evaluate(joint, evidence);
                isMoved = jointSystem.Total >= before;
                (parameters, system) = isMoved ? (joint, jointSystem) : (parameters, system);
                _arrowAlpha = isMoved ? double.Min(1, 2 * _arrowAlpha) : double.Max(LeastAlpha, _arrowAlpha / 4);
            }

            if (!isMoved)
            {
                (parameters, system) = GenesAlone(parameters, system, evidence);
            }

            if (system.Total - before < tolerance && (isMoved || _arrow == 0 || !withArrow))
            {
                break;
            }
        }

        return (parameters, system);
    }

    private (NbParameters Parameters, NbSystem System) GenesAlone(NbParameters parameters, NbSystem system, NbEvidence evidence)
    {
        var genes = Propose(parameters, system, false);
        var proposed = Evaluate(genes, evidence);
        for (var g = 0; g < _structure.Shape.Genes; g++)
        {
            if (proposed.Values[g] >= system.Values[g])
            {
                _alpha[g] = double.Min(1, 2 * _alpha[g]);
            }
            else
            {
                genes.CopyGene(parameters, g, _n);
                proposed.CopyGene(system, g);
                _alpha[g] = double.Max(LeastAlpha, _alpha[g] / 4);
            }
        }

        return (genes, proposed);
    }

    private NbParameters Propose(NbParameters parameters, NbSystem system, bool withArrow)
    {
        var next = parameters.Clone();
        for (var g = 0; g < _structure.Shape.Genes; g++)
        {
            Covariance(parameters, system, g);
        }

        var arrow = withArrow ? ArrowStep(parameters, system, next) : new double[_arrow];
        Span<double> gradient = stackalloc double[_n];
        Span<double> step = stackalloc double[_n];
        for (var g = 0; g < _structure.Shape.Genes; g++)
        {
            var covariance = _covariances.AsSpan(g * _n * _n, _n * _n);
            TensorPrimitives.Multiply(system.Gradient.AsSpan(g * _n, _n), _alpha[g], gradient);
            for (var a = 0; a < _arrow; a++)
            {
                TensorPrimitives.MultiplyAdd(system.Cross.AsSpan(((g * _arrow) + a) * _n, _n), arrow[a], gradient, gradient);
            }

            SmallMatrix.Multiply(covariance, gradient, _n, step);
            TensorPrimitives.Add(next.Location.AsSpan(g * _n, _n), step, next.Location.AsSpan(g * _n, _n));
            covariance.CopyTo(_work);
            if (SmallMatrix.TryFactor(_work, _n))
            {
                SmallMatrix.Pack(_work, _n, next.Factor.AsSpan(g * SmallMatrix.Packed(_n), SmallMatrix.Packed(_n)));
            }
        }

        return next;
    }

    // ((1 - alpha) / S + alpha P)^-1 into its place, with alpha halved until it is positive definite.
    private void Covariance(NbParameters parameters, NbSystem system, int g)
    {
        var packed = SmallMatrix.Packed(_n);
        Span<double> now = stackalloc double[_n * _n];
        SmallMatrix.Unpack(parameters.Factor.AsSpan(g * packed, packed), _n, _work);
        SmallMatrix.InvertLower(_work, _n);
        SmallMatrix.Square(_work, _n, true, now);
        var target = system.Precision.AsSpan(g * _n * _n, _n * _n);
        for (; ; _alpha[g] *= 0.5)
        {
            var alpha = _alpha[g] < 1e-12 ? 0 : _alpha[g];
            for (var i = 0; i < _n * _n; i++)
            {
                _work[i] = ((1 - alpha) * now[i]) + (alpha * target[i]);
            }

            if (SmallMatrix.TryFactor(_work, _n))
            {
                break;
            }
        }

        SmallMatrix.InvertLower(_work, _n);
        SmallMatrix.Square(_work, _n, true, _covariances.AsSpan(g * _n * _n, _n * _n));
        _alpha[g] = double.Max(_alpha[g], LeastAlpha);
    }

    // The arrow's change in location; its scales and locations are set in next.
    private double[] ArrowStep(NbParameters parameters, NbSystem system, NbParameters next)
    {
        var genes = _structure.Shape.Genes;
        var (schur, right, precision) = (new double[_arrow * _arrow], new double[_arrow], new double[_arrow]);
        Span<double> product = stackalloc double[_n];
        for (var g = 0; g <= genes; g++)
        {
            for (var a = 0; a < _arrow; a++)
            {
                right[a] += system.ArrowGradient[(g * _arrow) + a];
                precision[a] += system.ArrowPrecision[(g * _arrow) + a];
            }
        }

        for (var a = 0; a < _arrow; a++)
        {
            var scale = parameters.ScalarScale[system.Arrow[a]];
            precision[a] = precision[a] > 0 ? precision[a] : 1 / (scale * scale);
            schur[(a * _arrow) + a] = precision[a];
        }

        for (var g = 0; g < genes; g++)
        {
            for (var a = 0; a < _arrow; a++)
            {
                SmallMatrix.Multiply(_covariances.AsSpan(g * _n * _n, _n * _n), Cross(g, a), _n, product);
                right[a] += _alpha[g] * TensorPrimitives.Dot(product, system.Gradient.AsSpan(g * _n, _n));
                for (var b = 0; b < _arrow; b++)
                {
                    schur[(a * _arrow) + b] -= TensorPrimitives.Dot(product, Cross(g, b));
                }
            }
        }

        var step = new double[_arrow];
        if (SmallMatrix.TryFactor(schur, _arrow))
        {
            SmallMatrix.InvertLower(schur, _arrow);
            var inverse = new double[_arrow * _arrow];
            SmallMatrix.Square(schur, _arrow, true, inverse);
            SmallMatrix.Multiply(inverse, right, _arrow, step);
        }
        else
        {
            TensorPrimitives.Divide(right, precision, step);
        }

        for (var a = 0; a < _arrow; a++)
        {
            var s = system.Arrow[a];
            var scale = parameters.ScalarScale[s];
            step[a] = _arrowAlpha * double.Clamp(step[a], -1, 1);
            next.ScalarLocation[s] += step[a];
            next.ScalarScale[s] = 1 / double.Sqrt(((1 - _arrowAlpha) / (scale * scale)) + (_arrowAlpha * precision[a]));
        }

        return step;

        ReadOnlySpan<double> Cross(int g, int a) => system.Cross.AsSpan(((g * _arrow) + a) * _n, _n);
    }
}
