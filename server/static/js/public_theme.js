// @ts-check
// Follows the device's light or dark before anything is drawn; without scripts the page stays light.
if (window.matchMedia('(prefers-color-scheme: dark)').matches) document.documentElement.dataset.theme = 'dark';
