# Writes the tables beside it, in this folder: python3 generate.py (needs mpmath).
import mpmath as mp, random
mp.mp.dps=60
random.seed(5)
xs=[10**(-6+13*i/150) for i in range(151)]
xs+=[random.uniform(0.4,2.6) for _ in range(40)]+[1+1e-9,1-1e-7,2+1e-8,2-1e-5,1.0001,1.9999,1.4616,1.46,1.47,7.9999999,8.0,8.0000001,2.5,0.5]
xs+=[random.uniform(2.4,20) for _ in range(40)]
with open('gamma.csv','w') as f:
    f.write('# x, log Gamma, digamma, trigamma: mpmath, 60 digits\n')
    for x in xs:
        m=mp.mpf(x)
        f.write('%r,%s,%s,%s\n'%(x,mp.nstr(mp.loggamma(m),19),mp.nstr(mp.psi(0,m),19),mp.nstr(mp.psi(1,m),19)))
rs=[1e-6,1e-3,.1,.5,.999,1.,1.7,4.2,7.99,8.,30.,1e3,1e5,1e7,1e10,1e12]
us=[1e-6,.3,1,2,3,7,8,20,255,301.5,1e4,1e6,1e7]
with open('ratio.csv','w') as f:
    f.write('# r, u, log Gamma(r+u)-log Gamma(r), the same less u log r, digamma and trigamma differences: mpmath, 60 digits\n')
    for r in rs:
        for u in us:
            a,b=mp.mpf(r),mp.mpf(u)
            d=mp.loggamma(a+b)-mp.loggamma(a)
            f.write('%r,%r,%s,%s,%s,%s\n'%(r,float(u),mp.nstr(d,19),mp.nstr(d-b*mp.log(a),19),mp.nstr(mp.psi(0,a+b)-mp.psi(0,a),19),mp.nstr(mp.psi(1,a+b)-mp.psi(1,a),19)))
# NB/BNB log pmf exact
def bnb(x,r,od,om):
    k=2+(r+1)/om; al=od*(k-1); g=mp.loggamma
    return g(k+r)-g(r)-g(k)+g(r+x)-g(x+1)+g(al+x)-g(al+x+k+r)-g(al)+g(al+k)
with open('bnb.csv','w') as f:
    f.write('# u, r, odds, omega, log pmf of the beta negative binomial: mpmath, 60 digits\n')
    for om in [1e-6,1e-4,1e-2,.5,3.]:
        for r in [.01,1.2,5.,300.]:
            for od in [1e-3,.2,1.5,40.]:
                for u in [0,1,3,20,250,5000]:
                    f.write('%d,%r,%r,%r,%s\n'%(u,r,od,om,mp.nstr(bnb(mp.mpf(u),mp.mpf(r),mp.mpf(od),mp.mpf(om)),19)))
